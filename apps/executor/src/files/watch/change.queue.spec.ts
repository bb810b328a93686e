import type { Change } from './change.js';
import { ChangeQueue } from './change.queue.js';

const created = (path: string): Change => ({ event: 'created', path, isFolder: false });
const modified = (path: string): Change => ({ event: 'modified', path, isFolder: false });
const removed = (path: string): Change => ({ event: 'removed', path, isFolder: false });
const moved = (from: string, path: string, isFolder = false): Change => ({ event: 'moved', from, path, isFolder });

describe('changes that wait for a reader', () => {
  const told = (...changes: Change[]): Change[] => {
    const queue = new ChangeQueue();
    for (const change of changes) queue.push(change);
    return queue.take();
  };

  it.each<[string, Change[], Change[]]>([
    ['are told in their order', [created('a'), removed('b')], [created('a'), removed('b')]],
    [
      'say once that a file was modified',
      [modified('a'), modified('b'), modified('a')],
      [modified('a'), modified('b')],
    ],
    ['do not say of a new file that it was modified', [created('a'), modified('a')], [created('a')]],
    [
      'say of a file that comes again that it does',
      [created('a'), removed('a'), created('a')],
      [created('a'), removed('a'), created('a')],
    ],
    [
      'say of a moved file that it was modified afterwards',
      [modified('b'), moved('a', 'b'), modified('b')],
      [modified('b'), moved('a', 'b'), modified('b')],
    ],
    [
      'take nothing that lies below a moved folder for the same as before',
      [modified('a/x'), moved('a', 'c', true), moved('b', 'a', true), modified('a/x')],
      [modified('a/x'), moved('a', 'c', true), moved('b', 'a', true), modified('a/x')],
    ],
  ])('%s', (_what, changes, expected) => {
    expect(told(...changes)).toEqual(expected);
  });

  it('are told again once they were taken', () => {
    const queue = new ChangeQueue();
    queue.push(modified('a'));
    expect(queue.take()).toEqual([modified('a')]);
    expect(queue.isEmpty).toBe(true);
    queue.push(modified('a'));
    expect(queue.take()).toEqual([modified('a')]);
  });

  it.each([
    ['too many', new ChangeQueue(3, 1_000)],
    ['too long', new ChangeQueue(1_000, 10)],
  ])('become a rescan where they are %s, and go on after it', (_what, queue) => {
    for (const path of ['aaa', 'bbb', 'ccc', 'ddd', 'eee']) queue.push(created(path));
    expect(queue.take()).toEqual([{ event: 'rescan', path: '', reason: 'slow_reader' }, created('eee')]);
  });
});
