import { ProblemError, type Clock, type StreamForm } from '@warmbox/platform';
import type { Inotify } from '../../system/inotify.js';
import { isPartialName } from '../partial.name.js';
import { ChangeStream } from './change.stream.js';
import { FolderWatch } from './folder.watch.js';
import { InotifyWatches } from './inotify.watches.js';
import { PlainWatches } from './plain.watches.js';

/** Watches at a time: each is a queue of the kernel's, of which a user has 128. */
const WATCHES_MAX = 32;

/** Folders of one watch: about 4 MiB of this process's memory, and 10 of the kernel's. */
const FOLDERS_MAX = 10_000;

/** Whoever watches folders of the sandbox. */
export class FolderWatchers {
  private open = 0;

  /** @param inotify absent where the kernel cannot be asked */
  constructor(
    private readonly inotify: Pick<Inotify, 'open'> | undefined,
    private readonly clock: Clock,
  ) {}

  /**
   * The changes of a folder from now on, until what is returned is destroyed, or the folder is gone.
   *
   * @param path absolute; no part of it is a symbolic link
   * @throws ProblemError overloaded where there are too many; whatever the system says
   */
  async watch(path: Buffer, isRecursive: boolean, form: StreamForm): Promise<ChangeStream> {
    if (this.open >= WATCHES_MAX) {
      throw new ProblemError('overloaded', `The sandbox's folders have ${WATCHES_MAX} watchers already.`);
    }
    const news = (): void => watch.pull();
    const watches = this.inotify === undefined ? new PlainWatches(news) : new InotifyWatches(this.inotify, news);
    // Only once the system has agreed: nobody would end it.
    const stream = new ChangeStream(path, form, this.clock);
    const watch = new FolderWatch(
      watches,
      {
        path,
        isRecursive,
        foldersMax: FOLDERS_MAX,
        isHidden: isPartialName,
        misses: this.inotify === undefined,
        tell: (change) => stream.tell(change),
        over: () => stream.finish(),
      },
      this.clock,
    );
    this.open += 1;
    stream.once('close', () => {
      this.open -= 1;
      watch.close();
      watches.close();
    });
    try {
      await watch.begin();
      return stream;
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }
}
