import type { OutputEncoding } from './execute.rule.js';
import type { Violation } from './problem.js';

/** The most files that a run brings along. */
export const RUN_FILES_MAX = 100;

/** The most bytes that one of them has, in the form in which it is sent; larger ones go by PUT. */
export const RUN_FILE_MAX_BYTES = 1_048_576;

/** The most bytes that all of them have together, in that form. */
export const RUN_FILES_MAX_BYTES = 4_194_304;

/** A file as a run brings it along. */
export interface RunFile {
  path: string;
  content: string;
  encoding?: OutputEncoding;
  mode?: string;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Says which of the rules files break that are about more than one field: base64 that is none, one path twice, too much in all. */
export function runFilesViolations(files: readonly RunFile[]): Violation[] {
  const violations: Violation[] = [];
  const paths = new Set<string>();
  let bytes = 0;
  for (const [index, { path, content, encoding }] of files.entries()) {
    if (encoding === 'base64' && !BASE64.test(content)) {
      violations.push({ pointer: `/files/${index}/content`, detail: 'content must be base64, with padding' });
    }
    if (paths.has(path)) violations.push({ pointer: `/files/${index}/path`, detail: 'path must not be given twice' });
    paths.add(path);
    bytes += Buffer.byteLength(content);
  }
  if (bytes > RUN_FILES_MAX_BYTES) {
    const detail = `files must not take more than ${RUN_FILES_MAX_BYTES} bytes together: PUT larger ones into a sandbox that is kept`;
    violations.push({ pointer: '/files', detail });
  }
  return violations;
}

/** The bytes of a file. */
export function bytesOfRunFile({ content, encoding = 'utf8' }: Pick<RunFile, 'content' | 'encoding'>): Buffer {
  return Buffer.from(content, encoding);
}
