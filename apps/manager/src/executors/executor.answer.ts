import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { ProblemError, type Media } from '@warmbox/platform';
import { problemOfExecutor } from './executor.problem.js';

/** How an answer begins. */
export interface AnswerHead {
  status: number;
  /** As the executor sent them: whatever listens on a sandbox's port may be in the hands of its guest. */
  headers: IncomingHttpHeaders;
}

/** An answer that was asked for. */
export interface ExecutorAnswer extends AnswerHead {
  body: Readable;
}

/** An answer with the deadline that its body has. */
export interface BoundAnswer extends ExecutorAnswer {
  /** Lifts that deadline: somebody reads the body as fast as they want, and bounds it. */
  unbind: () => void;
}

/** What a request takes for an answer; everything else is a refusal. */
export interface Expected {
  method: string;
  accepts: (head: AnswerHead) => boolean;
  /** What the answer shall be, where it has a body; absent: whatever it is. */
  media?: Media;
}

/** Answers with one of these statuses. */
export function ofStatus(...statuses: readonly number[]): Expected['accepts'] {
  return ({ status }) => statuses.includes(status);
}

/** The most of a refusal that is read. */
const PROBLEM_MAX_BYTES = 65_536;

/**
 * Takes in the head of an executor's answer.
 *
 * @throws ProblemError the executor's refusal, or executor_unreachable where the answer is none of an executor's
 */
export async function accepted(
  { status, headers, body }: ExecutorAnswer,
  { method, accepts, media }: Expected,
): Promise<ExecutorAnswer> {
  // Whoever reads it hears of an error too; where nobody does, it must not end the process.
  body.on('error', () => undefined);
  if (accepts({ status, headers })) {
    if (status === 204) body.resume();
    else if (media !== undefined && mediaTypeOf(headers['content-type']) !== media) {
      body.destroy();
      throw new ProblemError('executor_unreachable', 'The executor answered in a form that nobody asked for.');
    }
    return { status, headers, body };
  }
  // Where it breaks off, its status has said enough.
  const { text } = await textOf(body, PROBLEM_MAX_BYTES).catch(() => ({ text: '' }));
  throw problemOfExecutor({ status, headers, text, method });
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
