import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import type { ExecutorRequest } from '../executors/executor.client.js';
import { IdleCheck, type IdleVerdict } from './idle.check.js';
import { WatchedPod } from './watched.pod.js';

const never = new AbortController().signal;
/** How long an answer takes, in milliseconds. */
const TAKES_MS = 200;
const IDLE_SECONDS = 60;
const conflict = new ProblemError('conflict', 'busy');
const noAnswer = new ProblemError('executor_timeout', 'no answer');

/** What the executor of a test says, in turn: the text of a body, or an error. */
type Said = string | Error;
const SEALED: Said[] = [''];
const active = (idleSeconds: number): Said[] => [conflict, JSON.stringify({ running: 0, attached: 0, idleSeconds })];
const SILENT: Said[] = [noAnswer];

describe('the check whether a sandbox is idle', () => {
  let clock: FakeClock;
  let answers: Said[];
  let asked: ExecutorRequest[];
  let stamps: number[];
  /** The pod as the store shows it when the answer comes. */
  let newest: Pod | undefined;
  let check: IdleCheck;
  let remembered: WatchedPod;
  const pod = aPod({ ready: false });

  beforeEach(() => {
    clock = new FakeClock(Date.UTC(2026, 0, 1));
    remembered = new WatchedPod('uid', 'name');
    asked = [];
    stamps = [];
    newest = pod;
    const ask = async (_: Pod, request: ExecutorRequest): Promise<string> => {
      asked.push(request);
      const answer = answers.shift() ?? '';
      // The last one of a check takes its time.
      if (answers.length === 0) await clock.sleep(TAKES_MS);
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const stamp = (_: Pod, at: number): void => void stamps.push(at);
    check = new IdleCheck({ ask }, { stamp }, { get: () => newest }, clock);
  });

  async function verdict(said: readonly Said[]): Promise<IdleVerdict> {
    answers = [...said];
    const checked = check.check(pod, IDLE_SECONDS, remembered, never);
    checked.catch(() => undefined);
    await clock.advance(TAKES_MS);
    return checked;
  }

  it('seals the one that is, and relies on that for less time than it lasts, counted from the question', async () => {
    const askedAt = clock.monotonic();
    const { sendBefore } = await verdict(SEALED);
    expect(asked).toMatchObject([{ method: 'POST', path: '/api/seal', body: '{"idleSeconds":60}' }]);
    // The executor takes new work 30 s after the seal, and what is sent may take 10 s to arrive.
    expect(sendBefore! - askedAt).toBeGreaterThan(10_000);
    expect(sendBefore! - askedAt).toBeLessThanOrEqual(15_000);
  });

  it('asks the one that is not for how long it has been, takes it at its word, and has it written down', async () => {
    const { sendBefore, progress } = await verdict(active(12.5));
    expect(asked.map(({ path }) => path)).toEqual(['/api/seal', '/api/activity']);
    expect(sendBefore).toBeUndefined();
    expect(progress).toEqual({ failedProbes: undefined, activeAt: clock.now() - 12_500, askAt: undefined });
    expect(stamps).toEqual([clock.now() - 12_500]);
  });

  it('doubts one that is nearly idle, or more than that, again and again', async () => {
    const waits: number[] = [];
    for (let times = 0; times < 20; times += 1) {
      const { progress } = await verdict(active(times % 2 === 0 ? 1e9 : 59.9));
      waits.push(progress.askAt! - clock.now());
    }
    expect(waits[0]).toBeLessThanOrEqual(300);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(15_000);
    // An honest answer restores the trust.
    await verdict(active(0));
    const { progress } = await verdict(active(59.9));
    expect(progress.askAt! - clock.now()).toBeLessThanOrEqual(300);
  });

  it('counts failed probes, from the time of the question, until there is an answer', async () => {
    const askedAt = clock.now();
    const first = await verdict(SILENT);
    expect(first.progress).toEqual({
      failedProbes: { since: askedAt, count: 1, activityAt: 0 },
      askAt: askedAt + 15_000,
    });
    Object.assign(remembered, first.progress);
    const second = await verdict(SILENT);
    expect(second.progress.failedProbes).toMatchObject({ since: askedAt, count: 2 });
    expect((await verdict(active(0))).progress).toHaveProperty('failedProbes', undefined);
  });

  it('goes by what the pod was when there was no answer', async () => {
    newest = aPod({ ready: true });
    expect((await verdict(SILENT)).progress.failedProbes).toBeUndefined();
    newest = aPod({ ready: true, uid: 'another' });
    expect((await verdict(SILENT)).progress.failedProbes).toMatchObject({ count: 1 });
  });

  for (const nonsense of ['', '{', 'null', '[]', '{"idleSeconds":"1"}', '{"idleSeconds":-1}', 'x'.repeat(100_000)]) {
    it(`takes ${JSON.stringify(nonsense.slice(0, 20))} for no answer`, async () => {
      expect((await verdict([conflict, nonsense])).progress.failedProbes).toMatchObject({ count: 1 });
    });
  }

  for (const code of ['executor_timeout', 'executor_unreachable', 'not_ready'] as const) {
    it(`takes ${code} for no answer, to either question`, async () => {
      const error = new ProblemError(code, 'no answer');
      expect((await verdict([error])).progress.failedProbes).toMatchObject({ count: 1 });
      expect((await verdict([conflict, error])).progress.failedProbes).toMatchObject({ count: 1 });
    });
  }

  for (const code of ['kubernetes_unavailable', 'sandbox_gone'] as const) {
    it(`does not blame the executor for ${code}`, async () => {
      const error = new ProblemError(code, 'not its fault');
      await expect(verdict([error])).rejects.toBe(error);
      await expect(verdict([conflict, error])).rejects.toBe(error);
    });
  }

  it('tells the end of the lifetime as a time', async () => {
    answers = [''];
    const warned = check.warn(aPod(), Date.UTC(2026, 0, 1), never);
    await clock.advance(TAKES_MS);
    await warned;
    expect(asked).toMatchObject([{ path: '/api/notice', body: '{"expiresAt":"2026-01-01T00:00:00.000Z"}' }]);
  });
});
