import { invalidRequest, queryBytes } from '@warmbox/http';

/** What the query of a request for a file says. */
export interface FileQuery {
  /** As it was sent: any bytes but NUL, at least one. */
  path: Buffer;
  /** The other parameters, those that were sent. */
  options: Partial<Record<string, string>>;
}

/**
 * The query of a request that concerns a file, as its target has it.
 *
 * @param known the parameters that there are beside `path`
 * @param defaultPath where no path must be sent
 * @throws ProblemError invalid_request
 */
export function fileQueryOf(url: string, known: readonly string[] = [], defaultPath?: string): FileQuery {
  const values = queryBytes(url, ['path', ...known]);
  const path = values.get('path') ?? (defaultPath === undefined ? undefined : Buffer.from(defaultPath));
  if (path === undefined) throw invalidRequest([{ pointer: '?path', detail: 'path must be given' }]);
  checkPath(path, '?path');
  values.delete('path');
  return { path, options: Object.fromEntries([...values].map(([name, value]) => [name, value.toString()])) };
}

/** @throws ProblemError invalid_request where no file system has such a path */
export function checkPath(path: Buffer, pointer: string): void {
  if (path.length === 0) throw invalidRequest([{ pointer, detail: 'must not be empty' }]);
  if (path.includes(0)) throw invalidRequest([{ pointer, detail: 'must not have a NUL byte (%00)' }]);
}
