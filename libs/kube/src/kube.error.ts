import type { Status } from '@warmbox/sandbox';

/** What the API server answered, when that was not a success. Decide by `status` and `reason`, never by the message. */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';

  constructor(
    readonly status: number,
    readonly body: Status,
    readonly request: string,
    /** Seconds of the answer's Retry-After. */
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

/** No answer came: refused, reset, cut off or out of time. Whether the request was carried out is unknown. */
export class KubeUnreachableError extends Error {
  override readonly name = 'KubeUnreachableError';

  constructor(
    readonly request: string,
    override readonly cause: unknown,
  ) {
    super(`${request}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
