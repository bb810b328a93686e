import { FakeClock } from '@warmbox/testing';
import { ActivityMeter, type Ongoing } from './activity.meter.js';

describe('the activity of a sandbox', () => {
  let clock: FakeClock;
  let meter: ActivityMeter;
  let ongoing: Ongoing;
  beforeEach(() => {
    clock = new FakeClock();
    meter = new ActivityMeter(clock);
    ongoing = {};
    meter.observe(() => ongoing);
    meter.observe(() => ({ running: 0 }));
  });
  const conflict = expect.objectContaining({ code: 'conflict' }) as Error;

  it('counts idle time from the start, where nothing ever was', async () => {
    await clock.advance(12_345);
    expect(meter.activity).toEqual({ running: 0, attached: 0, terminals: 0, idleSeconds: 12.345 });
  });

  for (const part of ['running', 'attached', 'terminals'] as const) {
    it(`has no idle time and is not sealed while something is ${part}`, async () => {
      ongoing = { [part]: 2 };
      await clock.advance(60_000);
      expect(meter.activity).toMatchObject({ [part]: 2, idleSeconds: 0 });
      expect(() => meter.seal(0)).toThrow(conflict);
      ongoing = {};
      await clock.advance(10_000);
      expect(meter.activity).toMatchObject({ [part]: 0, idleSeconds: 10 });
    });
  }

  it('counts idle time from what has begun and ended between two questions', async () => {
    await clock.advance(60_000);
    meter.touch();
    await clock.advance(5_000);
    expect(meter.activity.idleSeconds).toBe(5);
  });

  it('is sealed when the idle time has passed, not a moment earlier', async () => {
    await clock.advance(9_999);
    expect(() => meter.seal(10)).toThrow(conflict);
    await clock.advance(1);
    meter.seal(10);
    expect(() => meter.admit()).toThrow(conflict);
  });

  it('takes new work again 30 seconds after the seal', async () => {
    await clock.advance(10_000);
    meter.seal(10);
    await clock.advance(29_999);
    expect(() => meter.admit()).toThrow(conflict);
    await clock.advance(1);
    meter.admit();
    expect(meter.activity.idleSeconds).toBe(0);
  });

  it('may be sealed by another manager while it is sealed, and the seal holds from then', async () => {
    await clock.advance(10_000);
    meter.seal(10);
    await clock.advance(20_000);
    meter.seal(10);
    await clock.advance(20_000);
    expect(() => meter.admit()).toThrow(conflict);
  });

  it('counts refused work as nothing', async () => {
    await clock.advance(10_000);
    meter.seal(10);
    expect(() => meter.admit()).toThrow(conflict);
    expect(meter.activity.idleSeconds).toBe(10);
  });
});
