import { Readable } from 'node:stream';
import { bytesOfRunFile, HEADER, type RunFile } from '@warmbox/contracts';
import { Gate, ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { bounded, executionsRequest } from '../execution/execution.requests.js';
import { ofStatus, textOf } from '../executors/executor.answer.js';
import type { ExecutorClient, ExecutorRequest } from '../executors/executor.client.js';
import type { Origin } from '../http/caller.js';

/** How many files are written at once. */
const AT_ONCE = 4;
/** How long an executor may take for one, in milliseconds: what is written must reach the disk. */
const TIMEOUT_MS = 30_000;
/** The most that is read of what the executor says of a file: its path may be escaped. */
const ANSWER_MAX_BYTES = 65_536;
/** The executions of a sandbox that has none. */
const NONE = '[]';

/** Writes the files that a run brings along into its sandbox, before its command begins. */
export class RunFiles {
  constructor(private readonly client: Pick<ExecutorClient, 'ask' | 'explainLoss' | 'send'>) {}

  /**
   * @param onlyNew leaves those alone that are there, and all of them where a command was begun: another attempt at the same request has
   *   written them, and its command may have changed, moved or removed them.
   * @throws ProblemError forbidden, conflict, disk_full and what else an executor refuses a file with; as ExecutorClient.ask; the signal's
   *   reason
   */
  async write(pod: Pod, files: readonly RunFile[], { origin, onlyNew, signal }: WriteHow): Promise<void> {
    const failing = new AbortController();
    const any = AbortSignal.any([signal, failing.signal]);
    if (onlyNew && (await this.isBegun(pod, origin, signal))) return;
    try {
      await new Gate(AT_ONCE).each(files, async (file) => {
        any.throwIfAborted();
        await this.client.ask(pod, requestFor(file, origin, onlyNew), any, ANSWER_MAX_BYTES).catch((error: unknown) => {
          if (!onlyNew || !isThere(error)) throw error;
        });
      });
    } finally {
      failing.abort();
    }
  }

  /** Whether any command was begun in the sandbox. */
  private async isBegun(pod: Pod, origin: Origin, signal: AbortSignal): Promise<boolean> {
    const { body } = await this.client.send(pod, bounded(executionsRequest(origin)), signal);
    const list = await textOf(body, NONE.length).catch(async (error: unknown) => {
      signal.throwIfAborted();
      throw await this.client.explainLoss(error, pod);
    });
    return list.text !== NONE;
  }
}

/** How files are written. */
export interface WriteHow {
  origin: Origin;
  onlyNew: boolean;
  signal: AbortSignal;
}

function requestFor(
  file: RunFile,
  { requestId }: Origin,
  onlyNew: boolean,
): ExecutorRequest & { bodyTimeoutMs: number } {
  const bytes = bytesOfRunFile(file);
  return {
    method: 'PUT',
    path: `/api/files?path=${encodeURIComponent(file.path)}${file.mode === undefined ? '' : `&mode=${file.mode}`}`,
    headers: {
      [HEADER.requestId]: requestId,
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.length),
      ...(onlyNew ? { 'if-none-match': '*' } : {}),
    },
    body: Readable.from(bytes.length === 0 ? [] : [bytes]),
    accepts: ofStatus(200, 201),
    headTimeoutMs: TIMEOUT_MS,
    silenceTimeoutMs: TIMEOUT_MS,
    bodyTimeoutMs: TIMEOUT_MS,
  };
}

function isThere(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'precondition_failed';
}
