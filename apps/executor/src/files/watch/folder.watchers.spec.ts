import { MEDIA, STREAM_FORM } from '@warmbox/platform';
import { FakeClock } from '@warmbox/testing';
import { SystemCallError } from '../../system/libc.js';
import { FolderWatchers } from './folder.watchers.js';

/** As the system has it: this user has as many queues as there may be. */
const EMFILE = 24;

describe('whoever watches folders', () => {
  it('leaves nothing behind where the system refuses', async () => {
    const clock = new FakeClock();
    const refusing = {
      open: () => {
        throw new SystemCallError('inotify_init1', EMFILE);
      },
    };
    const watchers = new FolderWatchers(refusing, clock);
    const watching = watchers.watch(Buffer.from('/tmp'), false, STREAM_FORM[MEDIA.eventStream]);
    await expect(watching).rejects.toMatchObject({ code: 'EMFILE' });
    expect(clock.waiting).toBe(0);
  });
});
