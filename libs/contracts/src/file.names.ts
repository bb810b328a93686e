/** What an entry of a folder can be. */
export const FILE_TYPES = ['file', 'folder', 'symlink', 'fifo', 'socket', 'device'] as const;
export type FileType = (typeof FILE_TYPES)[number];

/** How names are written that are not UTF-8, which JSON cannot say. */
export const PATH_ENCODINGS = ['percent'] as const;
export type PathEncoding = (typeof PATH_ENCODINGS)[number];

/** The most entries of a page, and how many it has where nobody says. */
export const ENTRIES_PAGE_MAX = 1_000;

/** How deep entries are listed at most. */
export const ENTRIES_DEPTH_MAX = 32;

/** Why changes below a folder may have been missed. */
export const RESCAN_REASONS = ['overflow', 'slow_reader', 'not_watched'] as const;
export type RescanReason = (typeof RESCAN_REASONS)[number];
