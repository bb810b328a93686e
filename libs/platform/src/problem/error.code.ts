/** The `code` of an error of Node's or undici's. Not by `instanceof Error`, which is false for errors of another realm. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** Whether a body of undici's ended because we no longer wanted it. */
export function isDropped(error: unknown): boolean {
  return codeOf(error) === 'UND_ERR_ABORTED';
}
