import { atLeast, hasSucceeded, isThere, orError, unchanged, waitFor } from './wait.js';

/** What a wait that gives up says. */
const complaintOf = (waiting: Promise<unknown>): Promise<string> =>
  waiting.then(
    () => 'no complaint',
    (error: unknown) => (error as Error).message,
  );

describe('waitFor', () => {
  it('returns what it saw once that is what is wanted', async () => {
    let looks = 0;
    const look = (): number => (looks += 1);
    expect(await waitFor('the third', look, 3)).toBe(3);
    expect(await waitFor('the fifth', look, atLeast(5))).toBe(5);
    expect(await waitFor('any', () => (look() > 6 ? 'something' : undefined))).toBe('something');
    expect(looks).toBe(7);
  });

  it.each<[string, unknown, unknown, boolean]>([
    ['a value', 'full', 'full', true],
    ['another value', 'filling', 'full', false],
    ['a text that matches', 'it listens on 80', /listens on \d+/, true],
    ['a text that does not', 'it starts', /listens on \d+/, false],
    ['an object with these fields', { state: 'full', warm: 3 }, { state: 'full' }, true],
    ['an object with another field', { state: 'full', warm: 3 }, { state: 'full', warm: 4 }, false],
    ['fields of fields', { status: { used: { pods: '0' } } }, { status: { used: { pods: '0' } } }, true],
    ['nothing where an object is wanted', undefined, { state: 'full' }, false],
    ['so many of them', ['a', 'b'], { length: 2 }, true],
    ['more of them', ['a', 'b', 'c'], { length: 2 }, false],
    ['a field that is large enough', ['a', 'b'], { length: atLeast(1) }, true],
    ['a field that is too small', [], { length: atLeast(1) }, false],
  ])('knows %s', async (_what, seen, wanted, isIt) => {
    const outcome = orError(waitFor('it', () => seen, wanted as (seen: unknown) => boolean, 0));
    expect(hasSucceeded(await outcome)).toBe(isIt);
  });

  it('says what it waited for and what was there last, where it gives up', async () => {
    let looks = 0;
    const look = (): Promise<object> => Promise.resolve({ state: 'creating', looks: (looks += 1) });
    expect(await complaintOf(waitFor('it is warm', look, (seen) => Object.keys(seen).length > 2, 50))).toMatch(
      /^waited 50 ms in vain: it is warm\nlast seen: { state: 'creating', looks: \d+ }$/,
    );
    expect(looks).toBeGreaterThan(1);
    const nothing = waitFor('it is there', () => undefined, isThere, 0);
    expect(await complaintOf(nothing)).toContain('in vain: it is there\nlast seen: undefined');
  });

  it('shows the end of a long text, and the beginning of much else', async () => {
    const output = `${'x'.repeat(10_000)}the end`;
    const text = await complaintOf(waitFor('a word', () => output, /word/, 0));
    expect(text).toMatch(/last seen: …x+the end$/);
    expect(text.length).toBeLessThan(2_100);
    const many = Array.from({ length: 5_000 }, (_, index) => `entry ${index}`);
    const list = await complaintOf(waitFor('an entry', () => many, { length: 1 }, 0));
    expect(list).toContain("'entry 0'");
    expect(list.length).toBeLessThan(2_100);
  });

  it('shows the error instead of what was hoped for', async () => {
    const hoped = (): Promise<number | Error> => orError(Promise.reject(new Error('refused')));
    expect(await complaintOf(waitFor('an answer', hoped, hasSucceeded, 0))).toContain('last seen: Error: refused');
  });

  it('ends with what looking throws', async () => {
    const reason = new Error('the process has ended');
    await expect(waitFor('it answers', () => Promise.reject(reason), true)).rejects.toBe(reason);
  });

  it('sees that something stands still', () => {
    const isStill = unchanged(2);
    expect([1, 2, 2, 3, 3, 3].map(isStill)).toEqual([false, false, false, false, false, true]);
  });
});
