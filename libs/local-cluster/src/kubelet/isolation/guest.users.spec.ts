import { StartError } from '@warmbox/platform';
import { GuestUsers, outsideOf, rangeIn } from './guest.users.js';

const ALL = '         0          0 4294967295\n';

describe('rangeIn', () => {
  it('is above all that anybody gives to others, where all numbers exist', () => {
    const { first = 0, count = 0 } = rangeIn(ALL, ALL) ?? {};
    expect(first).toBeGreaterThan(2_000_200_000);
    expect(first + count).toBeLessThanOrEqual(2 ** 31);
  });

  it('is what services have for a while, in a user namespace of 65,536', () => {
    const map = '0 100000 65536';
    expect(rangeIn(map, map)).toEqual({ first: 61_184, count: 4_336 });
  });

  it('counts several lines, and both maps', () => {
    const map = '0 1000 1\n1 100000 65535';
    expect(rangeIn(map, map)).toEqual({ first: 61_184, count: 4_336 });
    expect(rangeIn(ALL, map)).toEqual({ first: 61_184, count: 4_336 });
  });

  it('is none where root is an ordinary user outside', () => {
    expect(rangeIn('0 1000 1', '0 1000 1')).toBeUndefined();
  });

  it('is refused where root may be root outside, and nobody else is there', () => {
    expect(() => rangeIn('0 0 1', '0 0 1')).toThrow(StartError);
    expect(() => rangeIn('', '')).toThrow('another user than root');
  });
});

describe('outsideOf', () => {
  it('says who a user is outside of its namespace', () => {
    expect(outsideOf(1000, ALL)).toBe(1000);
    expect(outsideOf(1000, '1000 0 1')).toBe(0);
    expect(outsideOf(5, '0 1000 1\n1 100000 65535')).toBe(100_004);
    expect(outsideOf(7, '0 1000 1')).toBeUndefined();
  });
});

describe('GuestUsers', () => {
  it('gives every container a user of its own where this process is root, else none', () => {
    const users = GuestUsers.open();
    const taken = Array.from({ length: 100 }, () => users.take()?.uid);
    if (process.getuid?.() === 0) {
      expect(new Set(taken).size).toBe(100);
      expect(Math.min(...taken.map((uid) => uid ?? 0))).toBeGreaterThan(0);
    } else expect(new Set(taken)).toEqual(new Set([undefined]));
    expect(users.areOthers).toBe(process.getuid?.() === 0);
  });

  it('gives none to two at once, tells its guard, and ends where all are taken', () => {
    const users = new GuestUsers({ first: 61_184, count: 8 });
    const told: string[] = [];
    users.guardedBy({
      guardUser: (uid) => void told.push(`guard ${uid}`),
      releaseUser: (uid) => void told.push(`release ${uid}`),
    });
    const taken = Array.from({ length: 8 }, () => users.take());
    expect(taken.map((user) => user?.uid).sort()).toEqual(Array.from({ length: 8 }, (_, index) => 61_184 + index));
    expect(() => users.take()).toThrow('All 8 users of sandboxes are taken.');
    users.release(taken[3]);
    expect(users.take()).toEqual(taken[3]);
    const uid = taken[3]!.uid;
    expect(told.slice(8)).toEqual([`release ${uid}`, `guard ${uid}`]);
  });
});
