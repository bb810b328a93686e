import type { GoneCause } from '@warmbox/contracts';
import type { Tombstone } from '@warmbox/sandbox';
import { isSuperseded } from './tombstone.precedence.js';

const NOW = Date.UTC(2026, 0, 1);
const written = (cause: GoneCause, secondsAgo: number): Tombstone => ({
  name: 'kata-sandbox-a',
  runtime: 'kata',
  tenant: 'default',
  cause,
  goneAt: NOW - secondsAgo * 1000,
});

describe('what is written down of a sandbox that lives', () => {
  it.each<[string, GoneCause, number, GoneCause, boolean]>([
    ['stays while another manager ends it for the same reason', 'idle', 1, 'idle', false],
    ['stays while a request ends it', 'deleted', 1, 'lifetime', false],
    ['makes room for a request', 'idle', 1, 'deleted', true],
    ['makes room for another reason', 'idle', 1, 'lifetime', true],
    ['makes room where the end never came', 'deleted', 30, 'idle', true],
    ['makes room for the same reason where the end never came', 'idle', 30, 'idle', true],
    ['makes no room for what others did', 'idle', 3_000, 'removed', false],
    ['stays where it ran out of memory, whoever clears it away', 'oom_killed', 3_000, 'deleted', false],
    ['makes room for what its node did to it meanwhile', 'idle', 1, 'evicted', true],
    ['stays where others did it', 'removed', 3_000, 'deleted', false],
  ])('%s', (_, cause, secondsAgo, by, expected) => {
    expect(isSuperseded(written(cause, secondsAgo), { tenant: 'default', cause: by }, NOW)).toBe(expected);
  });

  it('makes room for what becomes of it as another tenant’s, whatever was written of it while it was warm', () => {
    for (const by of ['deleted', 'idle', 'removed'] as const) {
      expect(isSuperseded(written('deleted', 1), { tenant: 'search', cause: by }, NOW)).toBe(true);
    }
  });
});
