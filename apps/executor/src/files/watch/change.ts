import type { RescanReason } from '@warmbox/contracts';

/** What happened below a folder. Paths are relative to it, as bytes in Latin-1; empty is the folder itself. */
export type Change =
  | { event: 'created' | 'modified' | 'removed'; path: string; isFolder: boolean }
  | { event: 'moved'; from: string; path: string; isFolder: boolean }
  | { event: 'rescan'; path: string; reason: RescanReason };
