/**
 * The same request with another cursor, as a reference relative to its own URL: what stands before our paths is a proxy's, and the path in
 * the query is bytes.
 */
export function linkToNext(url: string, cursor: string): string {
  const query = url.slice(url.indexOf('?') + 1 || url.length);
  const others = query.split('&').filter((part) => part !== '' && !part.startsWith('cursor='));
  // What would end the reference within the header.
  const safe = others.join('&').replace(/[<>"]/g, (character) => encodeURIComponent(character));
  return `<?${safe === '' ? '' : `${safe}&`}cursor=${cursor}>; rel="next"`;
}
