import { FakeClock } from '@warmbox/testing';
import { pause } from './pause.js';

describe('a pause', () => {
  it('ends after its time, and early without an error when its signal aborts', async () => {
    const clock = new FakeClock();
    const ended: string[] = [];
    const abort = new AbortController();
    void pause(clock, 100, abort.signal).then(() => ended.push('short'));
    void pause(clock, 10_000, abort.signal).then(() => ended.push('long'));
    await clock.advance(99);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual(['short']);
    abort.abort(new Error('stop'));
    await clock.advance(0);
    expect(ended).toEqual(['short', 'long']);
  });
});
