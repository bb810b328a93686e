/** A key as a reference token of a JSON pointer (RFC 6901). */
export function tokenOf(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
