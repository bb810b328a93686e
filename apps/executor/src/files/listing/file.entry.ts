import type { BigIntStats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import type { FileType } from '@warmbox/contracts';
import type { FileEntryDto } from '@warmbox/dto';
import { codeOf } from '@warmbox/platform';
import { versionOf } from '../file.version.js';
import { pathTexts } from '../path.text.js';

/** What an RFC 3339 time can say, in milliseconds since 1970: the years 0 to 9999. */
const EARLIEST = Date.parse('0000-01-01T00:00:00.000Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * What is at a path; of a symlink the link itself.
 *
 * @param path absolute
 * @throws what the system says
 */
export async function entryAt(path: Buffer): Promise<FileEntryDto> {
  const stats = await lstat(path, { bigint: true });
  return entryOf(path, stats, stats.isSymbolicLink() ? await targetOf(path) : undefined);
}

export function entryOf(path: Buffer, stats: BigIntStats, target?: Buffer): FileEntryDto {
  const { size, mode, uid, gid, mtimeNs, ctimeNs } = stats;
  const type = typeOf(stats);
  return {
    ...pathTexts({ name: path.subarray(path.lastIndexOf('/') + 1), path, target }),
    type,
    size: Number(size),
    mode: (mode & 0o7777n).toString(8).padStart(4, '0'),
    uid: Number(uid),
    gid: Number(gid),
    mtime: timeOf(mtimeNs),
    ctime: timeOf(ctimeNs),
    ...(type === 'file' ? { etag: versionOf(stats, 0).etag } : {}),
  };
}

/** A time that no calendar of four digits has is told as the last one that it has. */
function timeOf(nanoseconds: bigint): string {
  const ms = Number(nanoseconds / 1_000_000n);
  return new Date(Math.min(Math.max(ms, EARLIEST), LATEST)).toISOString();
}

function typeOf(stats: BigIntStats): FileType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? 'socket' : 'device';
}

/** Undefined where it is no link any more. */
async function targetOf(path: Buffer): Promise<Buffer | undefined> {
  try {
    return await readlink(path, { encoding: 'buffer' });
  } catch (error) {
    if (['ENOENT', 'EINVAL'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
