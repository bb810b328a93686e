import type { ProblemCode } from '@warmbox/contracts';
import { codeOf, ProblemError, shortened } from '@warmbox/platform';

/** The most characters of a path that a detail shows. */
const SHOWN = 300;

/** What the system's errors mean to who asked for a file, and the words for it. */
const FAILURES: Partial<Record<string, [ProblemCode, string]>> = {
  ENOENT: ['file_not_found', 'does not exist'],
  ENOTDIR: ['conflict', 'would lie below a file, which is no folder'],
  EISDIR: ['conflict', 'is a folder'],
  EEXIST: ['conflict', 'exists already'],
  ENOTEMPTY: ['conflict', 'is a folder that is not empty'],
  EACCES: ['forbidden', 'is not open to the user of the sandbox'],
  EPERM: ['forbidden', 'is not open to the user of the sandbox'],
  EROFS: ['forbidden', 'lies on a file system that is read-only'],
  ELOOP: ['conflict', 'leads in a circle of symbolic links'],
  ENAMETOOLONG: ['invalid_request', 'is too long: a name may have 255 bytes, a path 4,095'],
  EINVAL: ['invalid_request', 'is no name that this file system takes'],
  EILSEQ: ['invalid_request', 'is no name that this file system takes'],
  ENOSPC: ['disk_full', 'does not fit on the disk of the sandbox'],
  EDQUOT: ['disk_full', 'does not fit into the quota of the sandbox'],
  EFBIG: ['too_large', 'is larger than this file system allows'],
  EBUSY: ['conflict', 'is in use by the system'],
  ETXTBSY: ['conflict', 'is being executed'],
  EXDEV: ['conflict', 'lies on another file system'],
  EMFILE: ['overloaded', 'cannot be opened: too many files are open'],
  ENFILE: ['overloaded', 'cannot be opened: too many files are open'],
  ENOMEM: ['overloaded', 'cannot be opened: no memory is left'],
  EIO: ['conflict', 'cannot be read or written: the system has an error of input or output'],
  EAGAIN: ['conflict', 'has nothing to read now'],
  ENXIO: ['conflict', 'is no file of bytes'],
  ENODEV: ['conflict', 'is no file of bytes'],
  EOPNOTSUPP: ['conflict', 'cannot do this'],
  ENOSYS: ['conflict', 'cannot do this'],
  ESTALE: ['conflict', 'has changed meanwhile'],
};

/** What whoever asked for a file is told of a failure; what is none of the system's stays as it is. */
export function fileProblem(error: unknown, path: Buffer): unknown {
  if (error instanceof ProblemError) return error;
  const code = codeOf(error) ?? '';
  const [problem, words] = FAILURES[code] ?? [];
  if (problem === undefined) return error;
  const detail = `${shownPath(path)} ${words} (${code}).`;
  const errors = problem === 'invalid_request' ? [{ pointer: '?path', detail: `path ${words}` }] : undefined;
  return new ProblemError(problem, detail, { cause: error, errors });
}

/** A path for people: bytes that are no UTF-8 are replaced. */
export function shownPath(path: Buffer): string {
  return JSON.stringify(shortened(path.toString(), SHOWN));
}
