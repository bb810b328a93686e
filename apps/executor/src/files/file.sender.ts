import type { FileHandle } from 'node:fs/promises';
import { ProblemError } from '@warmbox/platform';
import type { FastifyReply } from 'fastify';
import { PAGE_BYTES, type PagePool } from '../output/page.pool.js';
import { Client } from './answer.client.js';
import { shownPath } from './file.failure.js';
import { headOf, headOfUnmeasured, type FileRead } from './file.head.js';
import type { OpenFile } from './open.file.js';

/**
 * Answers with an open file, or the part of it that is asked for. One page of it is held, whose memory is used again: nothing is read
 * before the client has taken what came before, and while it takes nothing no thread waits for it. A file that grows meanwhile is
 * sent as long as it was; one that becomes shorter breaks the connection off, so that it never looks whole.
 *
 * Resolves when the client has all of it, or has gone.
 *
 * @throws ProblemError precondition_failed, range_not_satisfiable before anything is said; conflict where it became shorter
 */
export async function sendFile(
  { handle, stats }: OpenFile,
  read: FileRead,
  reply: FastifyReply,
  pages: PagePool,
): Promise<void> {
  const page = pages.take();
  try {
    const { bytes } = page;
    // What the system makes up when it is read, below /proc and /sys, has no blocks, and says that it is empty or a page long.
    const isDoubtful = stats.size === 0n || stats.blocks === 0n;
    const first = isDoubtful ? (await handle.read(bytes, 0, PAGE_BYTES, 0)).bytesRead : 0;
    const isMeasured = !isDoubtful || BigInt(first) === least(stats.size, PAGE_BYTES);
    const { status, headers, range } = isMeasured ? headOf(read, stats, Date.now()) : headOfUnmeasured(read);
    const client = new Client(reply, status, headers);
    if (isMeasured) {
      if (range !== undefined) await pour(handle, range.start, range.end, bytes, client);
    } else if (read.method !== 'HEAD' && (await client.take(bytes.subarray(0, first)))) {
      await pour(handle, BigInt(first), undefined, bytes, client);
    }
    client.end();
  } catch (error) {
    if (!(error instanceof Shortened)) throw error;
    throw new ProblemError('conflict', `${shownPath(read.asked)} became shorter while it was read.`);
  } finally {
    pages.release(page);
  }
}

class Shortened extends Error {}

/** @param end undefined: to wherever the file ends */
async function pour(
  handle: FileHandle,
  start: bigint,
  end: bigint | undefined,
  bytes: Buffer,
  client: Client,
): Promise<void> {
  let at = start;
  while (end === undefined || at < end) {
    const wanted = end === undefined ? PAGE_BYTES : Number(least(end - at, PAGE_BYTES));
    const { bytesRead } = await handle.read(bytes, 0, wanted, at);
    if (bytesRead === 0 && end !== undefined) throw new Shortened();
    if (bytesRead === 0 || !(await client.take(bytes.subarray(0, bytesRead)))) return;
    at += BigInt(bytesRead);
  }
}

function least(size: bigint, most: number): bigint {
  return size < most ? size : BigInt(most);
}
