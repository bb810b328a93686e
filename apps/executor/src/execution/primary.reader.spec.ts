import { FakeClock } from '@warmbox/testing';
import { PrimaryReader } from './primary.reader.js';
import type { Reader } from './reader.js';

function reader(startedAt = 0, position = startedAt): Reader & { position: number; blockedSince: number | undefined } {
  return {
    startedAt,
    position,
    blockedSince: undefined,
    advance: () => undefined,
    expire: () => undefined,
    fail: () => undefined,
  };
}

describe('The primary reader', () => {
  let clock: FakeClock;
  let changes: number;
  let primary: PrimaryReader;
  beforeEach(() => {
    clock = new FakeClock();
    changes = 0;
    primary = new PrimaryReader(clock, () => (changes += 1));
  });

  it('is the first who comes, and stays so while others come and go', () => {
    const creator = reader(0, 10);
    const other = reader(0, 3);
    primary.attach(creator, false);
    primary.attach(other, true);
    expect(primary.state).toEqual({ state: 'connected', position: 10 });
    expect(primary.detach(other)).toBe(false);
    expect(primary.state).toEqual({ state: 'connected', position: 10 });
  });

  it('is absent after the creator has gone, with nothing acknowledged, whatever was sent to it', () => {
    const creator = reader(0, 1_000_000);
    primary.attach(creator, false);
    expect(primary.detach(creator)).toBe(true);
    expect(primary.state).toEqual({ state: 'absent', acknowledged: 0 });
  });

  it('has acknowledged all that any of them said it has', () => {
    const first = reader(500, 900);
    const second = reader(300, 400);
    for (const one of [first, second]) {
      primary.attach(one, true);
      primary.detach(one);
    }
    expect(primary.state).toEqual({ state: 'absent', acknowledged: 500 });
  });

  it('is the one who came to resume before the loss of the creator was noticed', () => {
    const creator = reader(0, 100);
    const heir = reader(50, 60);
    primary.attach(creator, false);
    primary.attach(heir, true);
    expect(primary.detach(creator)).toBe(false);
    expect(primary.state).toEqual({ state: 'connected', position: 60 });
  });

  it('is never one who came to resume and has gone again', () => {
    const creator = reader(0, 100);
    const gone = reader(50, 60);
    primary.attach(creator, false);
    primary.attach(gone, true);
    primary.detach(gone);
    expect(primary.detach(creator)).toBe(true);
    expect(primary.state.state).toBe('absent');
  });

  it('is never one who only looks on', () => {
    const creator = reader(0, 100);
    primary.attach(creator, false);
    primary.attach(reader(0, 60), false);
    expect(primary.detach(creator)).toBe(true);
    expect(primary.state.state).toBe('absent');
  });

  it('lapses only while it is absent, and is there again when somebody comes', () => {
    const creator = reader();
    primary.attach(creator, false);
    primary.lapse();
    expect(primary.state.state).toBe('connected');
    primary.detach(creator);
    primary.lapse();
    expect(primary.state.state).toBe('lapsed');
    primary.attach(reader(7), true);
    expect(primary.state.state).toBe('connected');
  });

  it('stays the same while it takes nothing and nobody comes to resume', async () => {
    const creator = reader(0, 5);
    creator.blockedSince = clock.monotonic();
    primary.attach(creator, false);
    primary.attach(reader(0, 5), false);
    primary.whilePaused();
    await clock.advance(3_600_000);
    expect(primary.state).toEqual({ state: 'connected', position: 5 });
    expect(changes).toBe(0);
  });

  it('is the one who comes to resume once the creator has taken nothing for ten seconds', async () => {
    const creator = reader(0, 5);
    creator.blockedSince = clock.monotonic();
    primary.attach(creator, false);
    await clock.advance(4_000);
    primary.attach(reader(3, 4), true);
    primary.whilePaused();
    await clock.advance(5_999);
    expect(primary.state).toEqual({ state: 'connected', position: 5 });
    await clock.advance(1);
    expect(primary.state).toEqual({ state: 'connected', position: 4 });
    expect(changes).toBe(1);
  });

  it('stays the same where it has taken something meanwhile', async () => {
    const creator = reader(0, 5);
    creator.blockedSince = clock.monotonic();
    primary.attach(creator, false);
    primary.attach(reader(3, 4), true);
    primary.whilePaused();
    await clock.advance(5_000);
    creator.blockedSince = clock.monotonic();
    await clock.advance(5_000);
    expect(primary.state).toEqual({ state: 'connected', position: 5 });
  });
});
