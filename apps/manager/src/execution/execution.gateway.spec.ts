import { ProblemError } from '@warmbox/platform';
import { aPod } from '@warmbox/testing';
import type { Caller } from '../http/caller.js';
import { ExecutionGateway } from './execution.gateway.js';
import type { ExecutorClient } from '../executors/executor.client.js';

describe('the gateway to executions', () => {
  const pod = aPod({ ready: true });
  const sandbox = { runtime: 'kata', name: pod.metadata?.name ?? '' };
  const caller = { disconnected: new AbortController().signal } as Caller;

  /** How often a sandbox counts as active after a request that its executor answers so. */
  async function activityAfter(
    answer: Promise<undefined>,
    send: (gateway: ExecutionGateway) => Promise<unknown>,
  ): Promise<number> {
    let stamps = 0;
    const attacher = { attach: () => answer };
    const finder = { findAllocated: () => Promise.resolve(pod) };
    const relay = { relay: () => answer };
    const stamper = { stamp: () => void (stamps += 1) };
    const gateway = new ExecutionGateway(finder, {} as ExecutorClient, attacher, stamper, relay);
    await send(gateway).catch(() => undefined);
    return stamps;
  }

  it.each<[string, (gateway: ExecutionGateway) => Promise<unknown>]>([
    [
      'a command',
      (gateway) => gateway.execute(sandbox, { dto: { command: 'true' }, media: 'application/json' }, caller),
    ],
    ['a reader of pages', (gateway) => gateway.output(sandbox, '18jtjq9vfnd8rfj0', {}, caller)],
    ['a reader', (gateway) => gateway.events(sandbox, '18jtjq9vfnd8rfj0', {}, 'text/event-stream', caller)],
  ])('counts %s as activity once the executor has accepted it, and not where it is refused', async (_, send) => {
    expect(await activityAfter(Promise.resolve(undefined), send)).toBe(1);
    // It is being removed; and of one that is gone, who tries again and again would keep it.
    expect(await activityAfter(Promise.reject(new ProblemError('conflict', 'sealed')), send)).toBe(0);
    expect(await activityAfter(Promise.reject(new ProblemError('executor_timeout', 'gone')), send)).toBe(0);
  });
});
