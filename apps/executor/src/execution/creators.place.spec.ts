import { FakeClock } from '@warmbox/testing';
import { CreatorsPlace } from './creators.place.js';
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

describe("The creator's place", () => {
  let clock: FakeClock;
  let changes: number;
  let place: CreatorsPlace;
  beforeEach(() => {
    clock = new FakeClock();
    changes = 0;
    place = new CreatorsPlace(clock, () => (changes += 1));
  });

  it('goes to the first who comes, and stays with it while others come and go', () => {
    const creator = reader(0, 10);
    const other = reader(0, 3);
    place.enter(creator, false);
    place.enter(other, true);
    expect(place.state).toEqual({ state: 'held', position: 10 });
    expect(place.leave(other)).toBe(false);
    expect(place.state).toEqual({ state: 'held', position: 10 });
  });

  it('is vacant with nothing acknowledged after its first holder has gone, whatever was sent to it', () => {
    const creator = reader(0, 1_000_000);
    place.enter(creator, false);
    expect(place.leave(creator)).toBe(true);
    expect(place.state).toEqual({ state: 'vacant', acknowledged: 0 });
  });

  it('remembers what its holders said they have', () => {
    const first = reader(500, 900);
    const second = reader(300, 400);
    for (const holder of [first, second]) {
      place.enter(holder, true);
      place.leave(holder);
    }
    expect(place.state).toEqual({ state: 'vacant', acknowledged: 500 });
  });

  it('goes to who came to resume before the loss of the holder was noticed', () => {
    const creator = reader(0, 100);
    const heir = reader(50, 60);
    place.enter(creator, false);
    place.enter(heir, true);
    expect(place.leave(creator)).toBe(false);
    expect(place.state).toEqual({ state: 'held', position: 60 });
  });

  it('does not go to who only looks on', () => {
    const creator = reader(0, 100);
    place.enter(creator, false);
    place.enter(reader(0, 60), false);
    expect(place.leave(creator)).toBe(true);
    expect(place.state.state).toBe('vacant');
  });

  it('lapses only while it is vacant, and is there again for who comes later', () => {
    const creator = reader();
    place.enter(creator, false);
    place.lapse();
    expect(place.state.state).toBe('held');
    place.leave(creator);
    place.lapse();
    expect(place.state.state).toBe('lapsed');
    place.enter(reader(7), true);
    expect(place.state.state).toBe('held');
  });

  it('stays with a holder that takes nothing while nobody comes to resume', async () => {
    const creator = reader(0, 5);
    creator.blockedSince = clock.monotonic();
    place.enter(creator, false);
    place.enter(reader(0, 5), false);
    place.whilePaused();
    await clock.advance(3_600_000);
    expect(place.state).toEqual({ state: 'held', position: 5 });
    expect(changes).toBe(0);
  });

  it('goes from a holder that takes nothing for ten seconds to who comes to resume', async () => {
    const creator = reader(0, 5);
    creator.blockedSince = clock.monotonic();
    place.enter(creator, false);
    await clock.advance(4_000);
    place.enter(reader(3, 4), true);
    place.whilePaused();
    await clock.advance(5_999);
    expect(place.state).toEqual({ state: 'held', position: 5 });
    await clock.advance(1);
    expect(place.state).toEqual({ state: 'held', position: 4 });
    expect(changes).toBe(1);
  });

  it('stays with a holder that has taken something meanwhile', async () => {
    const creator = reader(0, 5);
    creator.blockedSince = clock.monotonic();
    place.enter(creator, false);
    place.enter(reader(3, 4), true);
    place.whilePaused();
    await clock.advance(5_000);
    creator.blockedSince = clock.monotonic();
    await clock.advance(5_000);
    expect(place.state).toEqual({ state: 'held', position: 5 });
  });
});
