import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, rmdir, symlink, writeFile, appendFile, chmod, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@warmbox/platform';
import { unchanged, waitFor } from '@warmbox/testing';
import { Inotify } from '../../system/inotify.js';
import { IoSignals } from '../../system/io.signals.js';
import { loadLibc } from '../../system/libc.js';
import type { Change } from './change.js';
import { FolderWatch, type FolderWatchOptions, type Watches } from './folder.watch.js';
import { IN, type InotifyRecord } from './inotify.records.js';
import { InotifyWatches } from './inotify.watches.js';

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

/** A change in few words: `created a`, `moved a b`; folders end in a slash. */
function said(change: Change): string {
  const slash = 'isFolder' in change && change.isFolder ? '/' : '';
  const from = change.event === 'moved' ? [change.from + slash] : [];
  return [change.event, ...from, change.path + slash, ...(change.event === 'rescan' ? [change.reason] : [])].join(' ');
}

describeOnLinux('a folder that is watched', () => {
  const inotify = new Inotify(...systemCalls(), systemClock);
  let folder: string;
  let told: string[];
  let isOver: boolean;
  let open: { close: () => void }[];
  /** What the kernel is made to say, beside what it says, or instead of it. */
  let injected: InotifyRecord[];
  let isDeaf: boolean;
  let watch: FolderWatch;

  function systemCalls(): [ReturnType<typeof loadLibc>, IoSignals] {
    const libc = loadLibc();
    return [libc, new IoSignals(libc)];
  }

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'watch-spec-')));
    told = [];
    isOver = false;
    open = [];
    injected = [];
    isDeaf = false;
  });
  afterEach(async () => {
    for (const one of open) one.close();
    await rm(folder, { recursive: true, force: true });
  });

  const at = (...names: string[]): string => join(folder, ...names);

  async function begin(options: Partial<FolderWatchOptions> = {}): Promise<void> {
    const watches = new InotifyWatches(inotify, () => watch.pull());
    const both: Watches = {
      add: (path, mask) => watches.add(path, mask),
      remove: (id) => watches.remove(id),
      *read() {
        yield* injected.splice(0);
        for (const record of watches.read()) if (!isDeaf) yield record;
      },
    };
    watch = new FolderWatch(
      both,
      {
        path: Buffer.from(folder),
        isRecursive: true,
        foldersMax: 1_000,
        misses: false,
        isHidden: (name) => name.startsWith('.hidden'),
        tell: (change) => told.push(said(change)),
        over: () => (isOver = true),
        ...options,
      },
      systemClock,
    );
    open.push(watches, watch);
    await watch.begin();
  }

  /** What was told, without what was told of the content of files. */
  const happened = (from = 0): string =>
    told
      .filter((what) => !what.startsWith('modified'))
      .slice(from)
      .join(', ');
  const hasTold = (what: string): boolean => told.includes(what);

  it('tells what is made, changed, moved and removed in it', async () => {
    await begin();
    await writeFile(at('a'), '1');
    await waitFor('a', () => hasTold('modified a'), true);
    await appendFile(at('a'), '2');
    await rename(at('a'), at('b'));
    await chmod(at('b'), 0o600);
    await rm(at('b'));
    await symlink('/nowhere', at('link'));
    await mkdir(at('folder'));
    await rmdir(at('folder'));
    await waitFor(
      'all of it',
      happened,
      'created a, moved a b, removed b, created link, created folder/, removed folder/',
    );
    expect(told).toContain('modified b');
  });

  it('tells of files that replace others, each time', async () => {
    await writeFile(at('file'), '0');
    await begin();
    for (const round of ['1', '2', '3']) {
      await writeFile(at('.new'), round);
      await rename(at('.new'), at('file'));
      await waitFor(`round ${round}`, () => told.filter((what) => what === 'moved .new file').length, Number(round));
    }
    told.length = 0;
    await appendFile(at('file'), 'more');
    await waitFor('it was modified', () => hasTold('modified file'), true);
  });

  it('tells all that is made in new folders at once, each once', async () => {
    await begin();
    execFileSync(
      'bash',
      ['-c', 'for i in {1..40}; do mkdir -p d$i/e/f; for j in {1..50}; do : > d$i/e/f/$j; done; done'],
      {
        cwd: folder,
      },
    );
    const created = (): string[] => told.filter((what) => what.startsWith('created'));
    await waitFor('all of them', () => new Set(created()).size, 40 * 53, 20_000);
    expect(created()).toHaveLength(40 * 53);
    await writeFile(at('d40', 'e', 'f', 'late'), '');
    await waitFor('one more', () => hasTold('created d40/e/f/late'), true);
  });

  it('follows folders that move, within, out of it and into it', async () => {
    await mkdir(at('a', 'deep'), { recursive: true });
    const elsewhere = await mkdtemp(join(tmpdir(), 'watch-spec-'));
    await begin();
    await rename(at('a'), at('b'));
    await writeFile(at('b', 'deep', 'x'), '');
    await waitFor('within', happened, 'moved a/ b/, created b/deep/x');
    await rename(at('b'), join(elsewhere, 'b'));
    await waitFor('out of it', () => happened(2), 'removed b/');
    await writeFile(join(elsewhere, 'b', 'deep', 'y'), '');
    await rename(join(elsewhere, 'b'), at('c'));
    await waitFor(
      'into it',
      () => happened(3).split(', ').sort().join(),
      'created c/,created c/deep/,created c/deep/x,created c/deep/y',
    );
    await writeFile(at('c', 'deep', 'z'), '');
    await waitFor('in it again', () => hasTold('created c/deep/z'), true);
    await rm(elsewhere, { recursive: true });
  });

  it('looks at its own entries only where it is told so', async () => {
    await mkdir(at('a'));
    await begin({ isRecursive: false });
    await writeFile(at('a', 'x'), '');
    await mkdir(at('b'));
    await writeFile(at('b', 'x'), '');
    await writeFile(at('y'), '');
    await waitFor('both', happened, 'created b/, created y');
  });

  it('does not follow links to folders, nor what is hidden', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'watch-spec-'));
    await begin();
    await symlink(elsewhere, at('link'));
    await symlink('.', at('circle'));
    await writeFile(join(elsewhere, 'x'), '');
    await writeFile(at('.hidden-1'), '1');
    await rename(at('.hidden-1'), at('put'));
    await writeFile(at('y'), '');
    await waitFor('the end', happened, 'created link, created circle, created put, created y');
    await rm(elsewhere, { recursive: true });
  });

  it('knows names of any bytes', async () => {
    await begin();
    const name = Buffer.concat([Buffer.from(folder), Buffer.from([0x2f, 0xff, 0x80])]);
    await mkdir(name);
    await writeFile(Buffer.concat([name, Buffer.from('/x')]), '');
    await waitFor('both', happened, 'created \xff\x80/, created \xff\x80/x');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['it is removed', () => rm(folder, { recursive: true })],
    ['it is moved', () => rename(folder, `${folder}-moved`).then(() => rm(`${folder}-moved`, { recursive: true }))],
  ])('is over when %s', async (_what, act) => {
    await begin();
    await act();
    await waitFor('the end', () => (isOver ? told.at(-1) : undefined), 'removed /');
  });

  it('is over when a folder above it is moved, or it is removed while somebody is in it', async () => {
    const above = folder;
    await mkdir(at('above', 'below'), { recursive: true });
    folder = at('above', 'below');
    await begin();
    await rename(join(above, 'above'), join(above, 'other'));
    await waitFor('the end', () => isOver, true);

    isOver = false;
    folder = join(above, 'other', 'below');
    await begin();
    execFileSync('bash', ['-c', 'cd "$1" && rmdir "$1"', 'bash', folder]);
    await waitFor('the other end', () => isOver, true);
    folder = above;
  });

  it('finds again what was made while the kernel had no room, and says that all is to be looked at', async () => {
    await mkdir(at('old'));
    await begin();
    isDeaf = true;
    await mkdir(at('new', 'deep'), { recursive: true });
    await rename(at('old'), at('new', 'old'));
    watch.pull();
    isDeaf = false;
    injected.push({ watch: -1, mask: IN.overflow, cookie: 0, name: '' });
    watch.pull();
    await waitFor('the rescan', () => told.at(-1), 'rescan  overflow');
    told.length = 0;
    await writeFile(at('new', 'deep', 'x'), '');
    await writeFile(at('new', 'old', 'y'), '');
    await waitFor('what is made in them', happened, 'created new/deep/x, created new/old/y');
  });

  it('says which folders it cannot watch because they are too many', async () => {
    await begin({ foldersMax: 2 });
    await mkdir(at('a'));
    await waitFor('a', happened, 'created a/');
    await mkdir(at('b'));
    await waitFor('b', happened, 'created a/, created b/, rescan b not_watched');
    await waitFor('no more', () => happened().length, unchanged(3));
  });
});
