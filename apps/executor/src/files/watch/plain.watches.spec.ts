import { mkdir, mkdtemp, open, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@warmbox/testing';
import { IN, type InotifyRecord } from './inotify.records.js';
import { PlainWatches } from './plain.watches.js';

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

/** With one more name of this length behind it a path is too long for the system. */
const NAME = 'n'.repeat(250);

describeOnLinux('folders that Node watches', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'watch-spec-')));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('tell also of what the system lets nobody look at', async () => {
    let deep = folder;
    while (deep.length + NAME.length < 4_094) deep = join(deep, NAME);
    await mkdir(deep, { recursive: true });
    const records: InotifyRecord[] = [];
    const watches = new PlainWatches(() => records.push(...watches.read()));
    const watch = watches.add(Buffer.from(deep));
    const handle = await open(deep);
    const reachable = `/proc/self/fd/${handle.fd}/${NAME}`;
    try {
      await writeFile(reachable, '');
      await waitFor('it is told', () => records.find(({ name }) => name === NAME), { watch, mask: IN.create });
    } finally {
      watches.close();
      await rm(reachable).finally(() => handle.close());
    }
  });
});
