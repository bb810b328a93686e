/** A cursor: where a page ended, in a form that fits into a URL. */
export function cursorOf(path: readonly string[]): string {
  return Buffer.from(path.join('/'), 'latin1').toString('base64url');
}

/** The place that a cursor names; undefined where it can be none of ours. */
export function placeOfCursor(cursor: string): string[] | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(cursor)) return undefined;
  const names = Buffer.from(cursor, 'base64url').toString('latin1').split('/');
  return names.some((name) => ['', '.', '..'].includes(name) || name.includes('\0')) ? undefined : names;
}
