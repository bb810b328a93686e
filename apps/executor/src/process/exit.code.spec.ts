import { exitCodeOf } from './exit.code.js';

describe('exitCodeOf', () => {
  it.each([
    ["the process's own", { code: 3, signal: null }, false, 3],
    ['128 + 9 after SIGKILL', { code: null, signal: 'SIGKILL' }, false, 137],
    ['128 + 36 after a real-time signal', { code: null, signal: 'SIGRTMIN+2' }, false, 164],
    ['128 + 15 after SIGTERM', { code: null, signal: 'SIGTERM' }, false, 143],
    ['124 after a time-out, whatever the process made of it', { code: 0, signal: null }, true, 124],
    ['124 after a time-out that took a signal', { code: null, signal: 'SIGKILL' }, true, 124],
  ])('is %s', (_, exit, timedOut, code) => {
    expect(exitCodeOf(exit, timedOut)).toBe(code);
  });
});
