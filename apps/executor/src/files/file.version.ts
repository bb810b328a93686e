import type { BigIntStats } from 'node:fs';

/** What tells one content of a file from another. */
export interface FileVersion {
  /** Quoted, and strong: as long as it is the same, so is every byte. */
  etag: string;
  /** As an HTTP date; absent where that cannot say it. */
  lastModified?: string;
  /** Seconds since 1970, as an HTTP date has them. */
  modifiedSeconds: number;
}

/** The latest that an HTTP date can say, in seconds: the end of the year 9999. */
const LATEST = 253_402_300_799;

/**
 * The version of what has these stats. Both times count: a program may set the time of its content back, but not the inode's own. As
 * exact as the file system's clock: on Linux before 6.13 a file that is changed twice within 4 ms, in place and in its length, may
 * look the same.
 *
 * @param now milliseconds since 1970: nothing was modified later
 */
export function versionOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats, now: number): FileVersion {
  const etag = `"${[ino, size, mtimeNs, ctimeNs].map((part) => part.toString(36)).join('-')}"`;
  const modifiedSeconds = Number(mtimeNs / 1_000_000_000n) - (mtimeNs < 0n ? 1 : 0);
  const said = Math.min(modifiedSeconds, Math.floor(now / 1000));
  if (said < 0 || said > LATEST) return { etag, modifiedSeconds };
  return { etag, modifiedSeconds: said, lastModified: new Date(said * 1000).toUTCString() };
}
