import type { SandboxDto } from '@warmbox/dto';
import { matches, pageOf } from './sandbox.list.js';

function sandbox(name: string, given: Partial<SandboxDto> = {}): SandboxDto {
  return {
    name,
    runtime: 'kata',
    status: 'manual',
    phase: 'Running',
    isReady: true,
    createdAt: '2026-11-24T09:30:00.000Z',
    nodeName: 'node',
    podIP: '127.0.0.2',
    labels: {},
    image: 'image',
    resources: {},
    ...given,
  };
}

describe('a page of sandboxes', () => {
  const all = ['c', 'a', 'd', 'b'].map((name) => sandbox(name));
  const names = ({ items }: { items: SandboxDto[] }): string => items.map(({ name }) => name).join('');

  it('is everything in the order of names where no limit is given', () => {
    const page = pageOf(all, {});
    expect(names(page)).toBe('abcd');
    expect(page.next).toBeUndefined();
  });

  it('leads to every sandbox exactly once, whatever the size', () => {
    for (const limit of [1, 2, 3, 4, 5]) {
      let seen = '';
      let cursor: string | undefined;
      do {
        const page = pageOf(all, { limit, cursor });
        seen += names(page);
        cursor = page.next;
      } while (cursor !== undefined);
      expect(seen).toBe('abcd');
    }
  });

  it('goes on behind a sandbox that is gone meanwhile', () => {
    const { next } = pageOf(all, { limit: 2 });
    const left = all.filter(({ name }) => name !== 'b');
    expect(names(pageOf(left, { limit: 2, cursor: next }))).toBe('cd');
  });
});

describe('a filter', () => {
  const given = sandbox('a', { userId: 'ada@example.org', labels: { team: 'search', expression: 'a=b' } });
  it.each([
    ['meets everything when it is empty', {}, true],
    ['tells a status from another', { status: 'failed' as const }, false],
    ['tells a user from another', { userId: 'ada@example.com' }, false],
    ['wants every label', { labels: ['team=search', 'tier=1'] }, false],
    ['compares values with an equals sign in them', { labels: ['expression=a=b'] }, true],
    ['does not take a label without a value for any value', { labels: ['team='] }, false],
    [
      'meets a sandbox that has all of it',
      { status: 'manual' as const, userId: 'ada@example.org', labels: ['team=search'] },
      true,
    ],
  ])('%s', (_, filter, expected) => {
    expect(matches(given, filter)).toBe(expected);
  });
});
