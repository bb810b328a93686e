import { FakeClock } from '@warmbox/testing';
import { ClusterClock, PROBATION_MS } from './cluster.clock.js';

const MINUTE = 60_000;

/** A machine, an API server with a clock of its own, and what the log says. */
class Scene {
  readonly machine = new FakeClock(Date.UTC(2026, 0, 1));
  readonly logged: string[] = [];
  readonly clock: ClusterClock;
  /** How far the API server's clock is ahead of what the machine's was at the start. */
  serverAheadMs: number;

  constructor(machineAheadMs = 0) {
    this.serverAheadMs = -machineAheadMs;
    const log = (_: object, message: string): unknown => this.logged.push(message);
    this.clock = new ClusterClock(this.machine, { log, warn: log });
  }

  get serverNow(): number {
    return Date.UTC(2026, 0, 1) + this.machine.monotonic() + this.serverAheadMs;
  }

  /** One answer, which the server makes half-way. */
  async answer(roundTripMs = 20, date = (now: number): number => now): Promise<void> {
    const sentAt = this.machine.monotonic();
    await this.machine.advance(roundTripMs / 2);
    const told = Math.floor(date(this.serverNow) / 1000) * 1000;
    await this.machine.advance(roundTripMs / 2);
    this.clock.observe({ date: told, sentAt, receivedAt: this.machine.monotonic() });
  }

  async answers(count: number, everyMs = 1_037): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      await this.answer();
      await this.machine.advance(everyMs);
    }
  }

  get errorMs(): number {
    return Math.abs(this.clock.now() - this.serverNow);
  }
}

describe('the cluster’s clock', () => {
  it('is this machine’s until the first answer, and certain of nothing', () => {
    const { clock, machine } = new Scene();
    expect([clock.now(), clock.isSure, clock.aheadMs, clock.complaint]).toEqual([
      machine.now(),
      false,
      undefined,
      undefined,
    ]);
  });

  it('is certain at once where the API server says what this machine says', async () => {
    const scene = new Scene(300);
    await scene.answer();
    expect([scene.clock.isSure, scene.clock.complaint, scene.logged]).toEqual([true, undefined, []]);
    expect(scene.errorMs).toBeLessThan(600);
  });

  it('is this machine’s own time to the millisecond, where answers do not contradict it', async () => {
    const scene = new Scene();
    await scene.answer();
    expect(scene.clock.now()).toBe(scene.machine.now());
    await scene.answers(40);
    expect([scene.clock.now() - scene.machine.now(), scene.clock.aheadMs]).toEqual([0, 0]);
  });

  it('knows the API server’s time to some milliseconds after a few answers, though a Date has whole seconds', async () => {
    const scene = new Scene(-400);
    await scene.answers(40);
    expect(scene.errorMs).toBeLessThan(60);
  });

  it('takes slow answers for what they are worth: they never make it worse', async () => {
    const scene = new Scene();
    await scene.answers(40);
    for (let number = 0; number < 5; number += 1) await scene.answer(9_000);
    expect(scene.errorMs).toBeLessThan(120);
    expect(scene.clock.isSure).toBe(true);
  });

  it.each([16 * MINUTE, -16 * MINUTE])(
    'is the API server’s from the first answer on where this machine is %i ms ahead, and certain after 30 s',
    async (aheadMs) => {
      const scene = new Scene(aheadMs);
      await scene.answer();
      expect(scene.errorMs).toBeLessThan(600);
      expect(scene.clock.isSure).toBe(false);
      expect(scene.clock.complaint).toContain('not certain');
      await scene.answers(28, 1_000);
      expect(scene.clock.isSure).toBe(false);
      await scene.answers(3, 1_000);
      expect([scene.clock.isSure, scene.errorMs < 600]).toEqual([true, true]);
      expect(scene.clock.complaint).toContain(`960 s ${aheadMs > 0 ? 'ahead of' : 'behind'} `);
      expect(scene.logged).toEqual([
        expect.stringContaining('not certain'),
        expect.stringContaining('certain (again)'),
      ]);
    },
  );

  it('does not follow somebody who sets this machine’s clock', async () => {
    const scene = new Scene();
    await scene.answers(20);
    scene.machine.setWall(scene.machine.now() + 16 * MINUTE);
    expect(scene.errorMs).toBeLessThan(100);
    await scene.answers(5);
    expect([scene.errorMs < 100, scene.clock.isSure]).toEqual([true, true]);
    expect(scene.clock.complaint).toContain('960 s ahead of');
  });

  it('is not changed by one answer with a wrong Date, but certain of nothing for 30 s after it', async () => {
    const scene = new Scene();
    await scene.answers(20);
    await scene.answer(20, (now) => now + 16 * MINUTE);
    expect([scene.errorMs < 100, scene.clock.isSure]).toEqual([true, false]);
    await scene.answers(5);
    expect([scene.errorMs < 100, scene.clock.isSure]).toEqual([true, false]);
    await scene.machine.advance(PROBATION_MS);
    await scene.answer();
    expect([scene.errorMs < 100, scene.clock.isSure]).toEqual([true, true]);
    expect(scene.logged).toHaveLength(2);
  });

  it('follows a jump of the API server’s clock that lasts, after 30 s', async () => {
    const scene = new Scene();
    await scene.answers(20);
    scene.serverAheadMs += 16 * MINUTE;
    await scene.answers(25, 1_000);
    expect([scene.errorMs > 15 * MINUTE, scene.clock.isSure]).toEqual([true, false]);
    await scene.answers(8, 1_000);
    expect([scene.errorMs < 100, scene.clock.isSure]).toEqual([true, true]);
  });

  it('is never certain while two API servers disagree by more than five seconds', async () => {
    const scene = new Scene();
    await scene.answers(20);
    for (let number = 0; number < 100; number += 1) {
      await scene.answer(20, (now) => now + (number % 2) * 8_000);
      await scene.machine.advance(1_000);
      if (number > 1) expect(scene.clock.isSure).toBe(false);
    }
    expect(scene.logged).toHaveLength(1);
  });

  it('minds no smaller difference between API servers', async () => {
    const scene = new Scene();
    for (let number = 0; number < 100; number += 1) {
      await scene.answer(20, (now) => now + (number % 2) * 3_000);
      await scene.machine.advance(1_000);
    }
    expect([scene.clock.isSure, scene.errorMs < 4_500, scene.logged]).toEqual([true, true, []]);
  });

  it('follows the slow drift of a clock', async () => {
    const scene = new Scene();
    for (let number = 0; number < 400; number += 1) {
      // 500 ms in a quarter of an hour: as fast as NTP lets clocks run apart.
      scene.serverAheadMs += 7;
      await scene.answer();
      await scene.machine.advance(15_000);
    }
    expect([scene.errorMs < 1_100, scene.clock.isSure, scene.logged]).toEqual([true, true, []]);
  });

  it('makes nothing of an answer without a Date', () => {
    const { clock } = new Scene();
    clock.observe({ date: NaN, sentAt: 0, receivedAt: 0 });
    expect(clock.isSure).toBe(false);
  });

  it('has the machine’s timers', async () => {
    const { clock, machine } = new Scene();
    let isDue = false;
    clock.after(10, () => (isDue = true));
    const slept = clock.sleep(20);
    await machine.advance(20);
    await slept;
    expect([isDue, clock.monotonic()]).toEqual([true, 20]);
  });
});
