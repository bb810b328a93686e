import type { PodStore } from '@warmbox/kube';
import type { Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import type { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import type { IdleAnswer, IdleInquiry } from './idle.inquiry.js';
import { IdleJudge, type IdleVerdict } from './idle.judge.js';

const never = new AbortController().signal;
/** How long an answer takes, in milliseconds. */
const TAKES_MS = 200;
const IDLE_SECONDS = 60;

describe('the judgement whether a sandbox is idle', () => {
  let clock: FakeClock;
  let answer: IdleAnswer;
  let stamps: number[];
  /** The pod as the store shows it when the answer comes. */
  let newest: Pod | undefined;
  let judge: IdleJudge;
  const pod = aPod({ ready: false });

  beforeEach(() => {
    clock = new FakeClock(Date.UTC(2026, 0, 1));
    stamps = [];
    newest = pod;
    const inquiry = { ask: () => clock.sleep(TAKES_MS).then(() => answer) } as unknown as IdleInquiry;
    const stamper = { stamp: (_: Pod, at: number) => stamps.push(at) } as unknown as SandboxStamper;
    const store = { get: () => newest } as unknown as PodStore;
    judge = new IdleJudge(inquiry, stamper, store, clock);
  });

  async function verdict(of: IdleAnswer, failedProbes?: IdleVerdict['progress']['failedProbes']): Promise<IdleVerdict> {
    answer = of;
    const judged = judge.judge(pod, IDLE_SECONDS, failedProbes, never);
    await clock.advance(TAKES_MS);
    return judged;
  }

  it('relies on a seal for less time than it lasts, counted from the question', async () => {
    const askedAt = clock.monotonic();
    const { sendBefore } = await verdict({ state: 'sealed' });
    // The executor takes new work 30 s after the seal, and what is sent may take 10 s to arrive.
    expect(sendBefore! - askedAt).toBeGreaterThan(10_000);
    expect(sendBefore! - askedAt).toBeLessThan(20_000);
  });

  it('takes an active one at its word, and has it written down', async () => {
    const { sendBefore, progress } = await verdict({ state: 'active', idleSeconds: 20 });
    expect(sendBefore).toBeUndefined();
    expect(progress).toEqual({ failedProbes: undefined, activeAt: clock.now() - 20_000, askAt: undefined });
    expect(stamps).toEqual([clock.now() - 20_000]);
  });

  it('doubts one that is nearly idle, or more than that, again and again', async () => {
    const waits: number[] = [];
    for (let times = 0; times < 20; times += 1) {
      const { progress } = await verdict({ state: 'active', idleSeconds: times % 2 === 0 ? 1e9 : 59.9 });
      waits.push(progress.askAt! - clock.now());
    }
    expect(waits[0]).toBeLessThanOrEqual(300);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(15_000);
    // An honest answer restores the trust.
    await verdict({ state: 'active', idleSeconds: 0 });
    const { progress } = await verdict({ state: 'active', idleSeconds: 59.9 });
    expect(progress.askAt! - clock.now()).toBeLessThanOrEqual(300);
  });

  it('counts failed probes, from the time of the question, until there is an answer', async () => {
    const askedAt = clock.now();
    const first = await verdict({ state: 'unanswered' });
    expect(first.progress).toEqual({
      failedProbes: { since: askedAt, count: 1, activityAt: 0 },
      askAt: askedAt + 15_000,
    });
    const second = await verdict({ state: 'unanswered' }, first.progress.failedProbes);
    expect(second.progress.failedProbes).toMatchObject({ since: askedAt, count: 2 });
    const third = await verdict({ state: 'active', idleSeconds: 0 }, second.progress.failedProbes);
    expect(third.progress).toHaveProperty('failedProbes', undefined);
  });

  it('goes by what the pod was when there was no answer', async () => {
    newest = aPod({ ready: true });
    expect((await verdict({ state: 'unanswered' })).progress.failedProbes).toBeUndefined();
    newest = aPod({ ready: true, uid: 'another' });
    expect((await verdict({ state: 'unanswered' })).progress.failedProbes).toMatchObject({ count: 1 });
  });
});
