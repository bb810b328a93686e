import { Readable } from 'node:stream';
import type { FileEntryDto } from '@warmbox/dto';
import { codeOf } from '@warmbox/platform';
import { entryAt } from './file.entry.js';
import { pathBelow } from './folder.reader.js';
import type { Listed } from './page.plan.js';

/** Entries that are looked at together, and written in one piece. */
const BATCH = 64;

/** What it is when an entry is not there any more, or is not to be seen: it is left out. */
const UNSEEN = ['ENOENT', 'ENOTDIR', 'EACCES'];

/** A page of entries as JSON, looked at as the client reads it. */
export function entriesBody(root: Buffer, items: readonly Listed[]): Readable {
  return Readable.from(pieces(root, items), { objectMode: false, highWaterMark: 16_384 });
}

async function* pieces(root: Buffer, items: readonly Listed[]): AsyncGenerator<string> {
  let text = '[';
  let isFirst = true;
  for (let at = 0; at < items.length; at += BATCH) {
    const entries = await Promise.all(items.slice(at, at + BATCH).map((item) => describe(root, item)));
    for (const entry of entries) {
      if (entry === undefined) continue;
      text += `${isFirst ? '' : ','}${JSON.stringify(entry)}`;
      isFirst = false;
    }
    yield text;
    text = '';
  }
  yield `${text}]`;
}

async function describe(root: Buffer, { path, isUnreadable }: Listed): Promise<FileEntryDto | undefined> {
  try {
    return { ...(await entryAt(pathBelow(root, path))), ...(isUnreadable === true ? { unreadable: true } : {}) };
  } catch (error) {
    if (UNSEEN.includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
