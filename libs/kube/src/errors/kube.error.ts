import type { Status } from '@warmbox/sandbox';

/** What the API server answered, when that was not a success. Decide by `status` and `reason`, never by the message. */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';

  constructor(
    readonly status: number,
    readonly body: Status,
    readonly request: string,
    /** Seconds after which the server wants to be asked again, where it says so. */
    readonly retryAfterSeconds?: number,
  ) {
    super(`${request}: ${status} ${body.reason ?? ''} ${body.message ?? ''}`.trim());
  }

  get reason(): string | undefined {
    return this.body.reason;
  }

  /** Field errors of an Invalid answer: present where the request itself was wrong, absent where a JSON Patch `test` failed. */
  get fields(): string[] {
    return (this.body.details?.causes ?? []).flatMap(({ field }) =>
      field === undefined || field === '' ? [] : [field],
    );
  }
}

/** No answer came: refused, reset, cut off or out of time. */
export class KubeUnreachableError extends Error {
  override readonly name = 'KubeUnreachableError';
  /** Whether the request may have been carried out; false only where it certainly never left. */
  readonly mayHaveHappened: boolean;

  /** @param wasSent false where no byte of it was sent, whatever the cause says */
  constructor(
    readonly request: string,
    override readonly cause: unknown,
    wasSent = true,
  ) {
    super(`${request}: ${describe(cause)}`);
    this.mayHaveHappened = wasSent && !NEVER_SENT.some((pattern) => pattern.test(codeOf(cause)));
  }
}

/** An object was not created, because its name is that of another one. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';

  constructor(
    readonly objectName: string,
    override readonly cause: unknown,
  ) {
    super(`There is another object by the name of ${objectName}.`);
  }
}

/** The credentials for a request could not be got: a token file or a plugin failed. */
export class KubeCredentialsError extends Error {
  override readonly name = 'KubeCredentialsError';
  readonly code = 'KUBE_CREDENTIALS';

  constructor(override readonly cause: unknown) {
    super(`The credentials for the Kubernetes API cannot be read: ${describe(cause)}`);
  }
}

/** Codes of Node's and undici's errors after which no byte of a request can have been sent. */
const NEVER_SENT = [
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|KUBE_CREDENTIALS)$/,
  // The server's certificate was not accepted.
  /CERT|UNABLE_TO_|^HOSTNAME_MISMATCH$/,
];

// Errors are told by their fields and not by instanceof: in tests, which have a realm of their own, Node's errors are none.
function codeOf(cause: unknown): string {
  return fieldOf(cause, 'code') ?? '';
}

/** An error's own words; an AggregateError of several addresses has none but its code. */
function describe(cause: unknown): string {
  return fieldOf(cause, 'message') || fieldOf(cause, 'code') || String(cause);
}

function fieldOf(cause: unknown, name: 'code' | 'message'): string | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined;
  const value: unknown = (cause as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}
