import { PassThrough } from 'node:stream';
import { FakeClock } from '@warmbox/testing';
import { BodyBudget } from './body.budget.js';
import { readBody } from './body.reader.js';

const clock = new FakeClock();

function reading(limits: { limit?: number; announced?: number; budget?: BodyBudget } = {}): {
  payload: PassThrough;
  body: Promise<Buffer>;
  budget: BodyBudget;
} {
  const { limit = 1_000, announced, budget = new BodyBudget(100) } = limits;
  const payload = new PassThrough();
  const held = budget.hold(announced ?? 0)!;
  const body = readBody(payload, { limit, announced, held, clock });
  body.catch(() => held.release());
  return { payload, body, budget };
}

describe('the budget of bodies', () => {
  it('holds no more than it has, and has again what is given back, once', () => {
    const budget = new BodyBudget(100);
    const first = budget.hold(60)!;
    expect(budget.hold(41)).toBeUndefined();
    const second = budget.hold(40)!;
    expect(second.grow(1)).toBe(false);
    first.release();
    first.release();
    expect(budget.free).toBe(60);
    expect(first.grow(1)).toBe(false);
    expect(second.grow(60)).toBe(true);
    second.release();
    expect(budget.free).toBe(100);
  });
});

describe('large bodies', () => {
  it('leave a quarter to small ones', () => {
    const KIB = 1024;
    const budget = new BodyBudget(1024 * KIB);
    const large = budget.hold(700 * KIB)!;
    expect(budget.hold(69 * KIB)).toBeUndefined();
    expect(large.grow(69 * KIB)).toBe(false);
    const small = [64, 64, 64, 64, 64].map((size) => budget.hold(size * KIB)!);
    expect(small).not.toContain(undefined);
    expect(budget.hold(5 * KIB)).toBeUndefined();
    // One that grows is large from then on.
    small[0]!.release();
    const growing = budget.hold(10 * KIB)!;
    expect(growing.grow(50 * KIB)).toBe(true);
    expect(growing.grow(5 * KIB)).toBe(false);
  });
});

describe('a body that is read', () => {
  it('is what came, in however many pieces', async () => {
    const { payload, body } = reading();
    payload.write('ab');
    payload.end('cd');
    expect((await body).toString()).toBe('abcd');
  });

  it('takes of the budget what has come, where nothing says how much will', async () => {
    const { payload, body, budget } = reading();
    payload.write('x'.repeat(60));
    await new Promise(setImmediate);
    expect(budget.free).toBe(40);
    payload.write('x'.repeat(60));
    await expect(body).rejects.toMatchObject({ code: 'overloaded', headers: { 'retry-after': '1' } });
    expect(budget.free).toBe(100);
  });

  it('is refused as soon as it is longer than it may be', async () => {
    const { payload, body } = reading({ limit: 5 });
    payload.write('abcdef');
    await expect(body).rejects.toMatchObject({ code: 'too_large' });
  });

  it('is given up where it breaks off', async () => {
    const { payload, body } = reading({ announced: 10 });
    payload.write('abc');
    payload.destroy();
    await expect(body).rejects.toMatchObject({ code: 'invalid_request', detail: 'The body broke off.' });
  });

  it('is given up where it does not come, and its room is free again', async () => {
    const { payload, body, budget } = reading({ announced: 90 });
    payload.write('a');
    await new Promise(setImmediate);
    await clock.advance(9_000);
    expect(budget.free).toBe(10);
    await clock.advance(1_500);
    await expect(body).rejects.toMatchObject({ detail: 'The body did not arrive in time.' });
    expect(budget.free).toBe(100);
  });

  it('may take longer where it keeps coming', async () => {
    const { payload, body } = reading({ limit: 1e6, announced: 50, budget: new BodyBudget(1e6) });
    for (let second = 0; second < 30; second += 1) {
      payload.write(Buffer.alloc(16 * 1024, 'x'));
      await new Promise(setImmediate);
      await clock.advance(1_000);
    }
    payload.end();
    expect(await body).toHaveLength(30 * 16 * 1024);
  });
});
