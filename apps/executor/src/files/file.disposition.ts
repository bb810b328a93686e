/** What a quoted file name may have; a percent sign or a backslash is an escape to some readers. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * The `Content-Disposition` of a file: to be saved, never shown, under its own name as far as a header can carry that (RFC 6266). A
 * name that is no UTF-8 is not said.
 */
export function dispositionOf(name: Buffer): string {
  const text = name.toString();
  if (text.includes('�') || !text.isWellFormed()) return 'attachment';
  const plain = `attachment; filename="${text.replace(/[^\x20-\x7e]|["\\%]/gu, '_')}"`;
  if (PLAIN.test(text) && !/["\\%]/.test(text)) return plain;
  return `${plain}; filename*=UTF-8''${encodeURIComponent(text).replace(/['()*]/g, escaped)}`;
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
