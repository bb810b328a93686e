/** One violated rule of an object, as `details.causes` of an Invalid answer has it. */
export interface Cause {
  reason: string;
  message: string;
  field: string;
}

/** What an error is about: `details` of a Status. */
export interface Subject {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
}

/** An answer that is no success. The message, reason and details are the real API server's, for clients match on them. */
export class StatusError extends Error {
  override readonly name = 'StatusError';

  constructor(
    readonly code: number,
    readonly reason: string | undefined,
    message: string,
    readonly details?: Subject & { causes?: Cause[]; retryAfterSeconds?: number },
    /** The token that goes on with a list in spite of the error. */
    readonly continueToken?: string,
  ) {
    super(message);
  }

  /** The answer's body. */
  toStatus(): Record<string, unknown> {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.continueToken === undefined ? {} : { continue: this.continueToken },
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      details: this.details,
      code: this.code,
    };
  }
}

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const noSuchResource = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

export const tooLarge = (what: string): StatusError =>
  new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: ${what}`);

/** An error that the real API server has no reason for. */
export const internal = (message: string): StatusError => new StatusError(500, undefined, message);

/** A JSON Patch that does not apply; it names no field, for the object and not the request is why. */
export const notApplicable = (): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

export const tooLargeResourceVersion = (version: number, current: number): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${version}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }],
    retryAfterSeconds: 1,
  });

/** 422 with every violated rule. `kind` and `group` are the object's, not its collection's. */
export function invalid(subject: Subject, causes: Cause[]): StatusError {
  const kind = subject.group ? `${subject.kind ?? ''}.${subject.group}` : (subject.kind ?? '');
  const lines = causes.map(({ field, message }) => `${field}: ${message}`);
  const list = lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`;
  return new StatusError(422, 'Invalid', `${kind} ${JSON.stringify(subject.name ?? '')} is invalid: ${list}`, {
    ...subject,
    name: subject.name || undefined,
    group: subject.group || undefined,
    causes,
  });
}

const quoted = (value: unknown): string => JSON.stringify(value);

export const violation = {
  required: (field: string, detail?: string): Cause => ({
    reason: 'FieldValueRequired',
    message: detail === undefined ? 'Required value' : `Required value: ${detail}`,
    field,
  }),
  invalid: (field: string, value: unknown, detail: string): Cause => ({
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${quoted(value)}: ${detail}`,
    field,
  }),
  unsupported: (field: string, value: unknown, supported: readonly string[]): Cause => ({
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${quoted(value)}: supported values: ${supported.map(quoted).join(', ')}`,
    field,
  }),
  duplicate: (field: string, value: unknown): Cause => ({
    reason: 'FieldValueDuplicate',
    message: `Duplicate value: ${quoted(value)}`,
    field,
  }),
  notFound: (field: string, value: unknown): Cause => ({
    reason: 'FieldValueNotFound',
    message: `Not found: ${quoted(value)}`,
    field,
  }),
  forbidden: (field: string, detail: string): Cause => ({
    reason: 'FieldValueForbidden',
    message: `Forbidden: ${detail}`,
    field,
  }),
  tooLong: (field: string, bytes: number): Cause => ({
    reason: 'FieldValueTooLong',
    message: `Too long: may not be more than ${bytes} bytes`,
    field,
  }),
};
