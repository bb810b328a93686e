import { KubeApiError, type LeaseTerm } from '@warmbox/kube';
import { FakeClock } from '@warmbox/testing';
import { keepAt } from './leader.work.js';

/** A task that fails after the given times, in milliseconds, and when it was begun. */
async function begun(
  endsAfter: number[],
  error: unknown = new Error('failed'),
): Promise<{ at: number[]; said: string[] }> {
  const clock = new FakeClock();
  const at: number[] = [];
  const said: string[] = [];
  const ending = new AbortController();
  const lead = async (): Promise<void> => {
    at.push(clock.monotonic());
    const ms = endsAfter.shift();
    if (ms === undefined) ending.abort();
    else await clock.sleep(ms);
    throw error;
  };
  const logger = { error: (_context: unknown, message: string) => said.push(message) };
  const kept = keepAt({ name: 'task', lead }, { signal: ending.signal } as LeaseTerm, {
    clock,
    logger,
    namespace: 'nowhere',
  });
  while (!ending.signal.aborted) await clock.advance(1_000);
  await kept;
  return { at, said };
}

describe('the work of a leader', () => {
  it('is begun again after pauses that grow, up to five seconds', async () => {
    const { at } = await begun(Array.from({ length: 12 }, () => 0));
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(pauses[0]).toBeLessThanOrEqual(100);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(2_500);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5_000);
  });

  it('is begun again at once where it went well for a minute before it failed, however often it had failed before', async () => {
    const { at } = await begun([...Array.from({ length: 12 }, () => 0), 61_000, 0]);
    const endOfSound = (at[12] ?? 0) + 61_000;
    expect((at[13] ?? Infinity) - endOfSound).toBeLessThanOrEqual(100);
  });

  it('tells what people must do, where only they can do something', async () => {
    const missing = new KubeApiError(404, { details: { kind: 'namespaces' } }, 'POST /x');
    const { said } = await begun([0], missing);
    expect(said).toEqual([expect.stringContaining('kubectl create namespace nowhere')]);
  });
});
