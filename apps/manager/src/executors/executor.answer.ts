import { HEADER } from '@warmbox/contracts';
import type { Readable } from 'node:stream';
import { ProblemError, type Media } from '@warmbox/platform';
import type { Dispatcher } from 'undici';
import { EXECUTION_ID } from './execution.id.js';
import { problemOfExecutor } from './executor.problem.js';

/** What an executor answered: 200 or 202 with a body in the form that was asked for, or 204. */
export interface ExecutorAnswer {
  status: 200 | 202 | 204;
  /** Of the execution that the answer is about, where it says so. */
  executionId?: string;
  body: Readable;
}

/** An answer with the deadline that its body has. */
export interface BoundAnswer extends ExecutorAnswer {
  /** Lifts that deadline: somebody reads the body as fast as they want, and bounds it. */
  unbind: () => void;
}

/** The most of a refusal that is read. */
const PROBLEM_MAX_BYTES = 65_536;

/**
 * Takes in the head of an executor's answer. Only what is known is passed on: whatever listens on a sandbox's port may be in
 * the hands of its guest.
 *
 * @throws ProblemError the executor's refusal, or executor_unreachable where the answer is none of an executor's
 */
export async function accepted(
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  media: Media,
): Promise<ExecutorAnswer> {
  // Whoever reads it hears of an error too; where nobody does, it must not end the process.
  body.on('error', () => undefined);
  if (status === 200 || status === 202 || status === 204) {
    const id = headers[HEADER.executionId];
    const executionId = typeof id === 'string' && EXECUTION_ID.test(id) ? id : undefined;
    if (status === 204) body.resume();
    else if (mediaTypeOf(headers['content-type']) !== media) {
      body.destroy();
      throw new ProblemError('executor_unreachable', 'The executor answered in a form that nobody asked for.');
    }
    return { status, executionId, body };
  }
  // Where it breaks off, its status has said enough.
  const { text } = await textOf(body, PROBLEM_MAX_BYTES).catch(() => ({ text: '' }));
  throw problemOfExecutor(status, text);
}

function mediaTypeOf(contentType: string | string[] | undefined): string | undefined {
  return typeof contentType === 'string' ? contentType.split(';')[0]?.trim().toLowerCase() : undefined;
}

/**
 * A body up to its end or its first so many bytes; the rest, and its connection, are dropped then.
 *
 * @throws the body's error
 */
export async function textOf(body: Readable, maxBytes: number): Promise<{ text: string; isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) break;
  }
  return { text: Buffer.concat(chunks).subarray(0, maxBytes).toString(), isWhole: bytes <= maxBytes };
}
