import { FakeClock } from '@warmbox/testing';
import { DeadlineHeap } from './deadline.heap.js';

describe('a heap of deadlines', () => {
  let clock: FakeClock;
  let due: string[];
  let heap: DeadlineHeap;
  beforeEach(() => {
    clock = new FakeClock();
    due = [];
    heap = new DeadlineHeap(clock, (key) => due.push(key));
  });

  it('tells deadlines in the order of their times, whatever the order in which they were set', async () => {
    const times = Array.from({ length: 300 }, (_, index) => (index * 7919) % 300);
    for (const time of times) heap.set(String(time), clock.now() + time * 100);
    await clock.advance(15_000);
    expect(due).toEqual(Array.from({ length: 151 }, (_, index) => String(index)));
    await clock.advance(15_000);
    expect(due).toHaveLength(300);
    expect(heap.size).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  it('tells of a deadline when it comes and not before', async () => {
    heap.set('a', clock.now() + 2_500);
    await clock.advance(2_499);
    expect(due).toEqual([]);
    await clock.advance(1);
    expect(due).toEqual(['a']);
  });

  it('keeps the last deadline of a key, an earlier or a later one', async () => {
    heap.set('sooner', clock.now() + 5_000);
    heap.set('later', clock.now() + 1_000);
    heap.set('sooner', clock.now() + 500);
    heap.set('later', clock.now() + 3_000);
    await clock.advance(1_500);
    expect(due).toEqual(['sooner']);
    await clock.advance(4_000);
    expect(due).toEqual(['sooner', 'later']);
  });

  it('does not tell of a key that was deleted', async () => {
    heap.set('a', clock.now() + 100);
    heap.delete('a');
    await clock.advance(1_000);
    expect(due).toEqual([]);
  });

  it('notices within a second that the wall clock was set', async () => {
    heap.set('a', clock.now() + 3_600_000);
    await clock.advance(100);
    clock.setWall(clock.now() + 3_600_000);
    await clock.advance(1_000);
    expect(due).toEqual(['a']);
  });

  it('tells of a key again that is set again while it is told', async () => {
    const again = new DeadlineHeap(clock, (key) => {
      due.push(key);
      if (due.length < 3) again.set(key, clock.now() + 100);
    });
    again.set('a', clock.now());
    await clock.advance(1_000);
    expect(due).toEqual(['a', 'a', 'a']);
  });

  it('stays in order when deadlines are put off over and over', async () => {
    for (let round = 0; round < 1_000; round += 1) heap.set(`k${round % 5}`, clock.now() + 1_000 + round);
    await clock.advance(3_000);
    expect(due).toEqual(['k0', 'k1', 'k2', 'k3', 'k4']);
  });

  it('does not grow with deadlines that are put off over and over', () => {
    for (let round = 0; round < 10_000; round += 1) heap.set(`k${round % 50}`, clock.now() + 60_000 + round);
    expect([heap.size, heap.held <= 101]).toEqual([50, true]);
  });

  it('tells nothing once it was stopped', async () => {
    heap.set('a', clock.now() + 100);
    heap.stop();
    heap.set('b', clock.now() + 100);
    await clock.advance(1_000);
    expect(due).toEqual([]);
    expect(clock.waiting).toBe(0);
  });
});
