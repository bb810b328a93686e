import { onceClientLeaves } from '@warmbox/http';
import type { FastifyReply } from 'fastify';

/** The end of whom an answer is for: its client leaves, or has it all, or the executor stops. */
export function clientOf(reply: FastifyReply, ending: AbortSignal): { signal: AbortSignal; left: Promise<void> } {
  const leaving = new AbortController();
  const left = new Promise<void>((resolve) => onceClientLeaves(reply.raw, resolve));
  void left.then(() => leaving.abort());
  return { signal: AbortSignal.any([leaving.signal, ending]), left };
}

/** Work for a client. Why it failed once that has gone, or the executor stops, nobody is there to hear. */
export async function unlessGone(reply: FastifyReply, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    reply.hijack();
    reply.raw.destroy();
  }
}
