import { closeSync, constants } from 'node:fs';
import type { Clock, Timer } from '@warmbox/platform';
import type { IoSignals } from './io.signals.js';
import type { Libc } from './libc.js';

// <sys/inotify.h> of Linux.
const IN_CLOEXEC = 0o2000000;

/** Room for hundreds of records: the kernel gives whole ones. */
const READ_BYTES = 65_536;

/**
 * The most that is taken in at a time, in bytes: some milliseconds' work. Four programs that wrote one byte after the other were never read to
 * the end, and nothing else was done for as long as they did (6 s of 6 s).
 */
const MOST_BYTES = 131_072;

/** While there is news it is looked for this often, in milliseconds, and not announced: a signal for each file would cost more than the file. */
const GATHER_MS = 10;

/** How often it is looked for without an announcement, in milliseconds: an older gVisor sends no signal. */
const LOOK_MS = 1_000;

/** What is asked of a queue, by its descriptor, as the system has it. */
export interface InotifyCalls {
  add(queue: number, path: Buffer, mask: number): number;
  remove(queue: number, watch: number): number;
  read(queue: number, bytes: Buffer, count: number): number;
}

/** Opens queues of what the kernel tells of files (inotify(7)). */
export class Inotify {
  private readonly init;
  private readonly calls: InotifyCalls;

  constructor(
    private readonly libc: Libc,
    private readonly signals: IoSignals,
    private readonly clock: Clock,
  ) {
    this.init = libc.function<(flags: number) => number>('int inotify_init1(int flags)');
    this.calls = {
      add: libc.function<(queue: number, path: Buffer, mask: number) => number>(
        'int inotify_add_watch(int queue, void *path, uint32_t mask)',
      ),
      remove: libc.function<(queue: number, watch: number) => number>('int inotify_rm_watch(int queue, int watch)'),
      read: libc.function<(queue: number, bytes: Buffer, count: number) => number>(
        'long read(int queue, void *bytes, size_t count)',
      ),
    };
  }

  /**
   * A queue of its own.
   *
   * @param news is called when there may be something to read.
   * @throws SystemCallError EMFILE where this user has as many queues as there may be (128 as a rule)
   */
  open(news: () => void): InotifyQueue {
    const descriptor = this.init(constants.O_NONBLOCK | IN_CLOEXEC);
    if (descriptor === -1) throw this.libc.refusal('inotify_init1');
    return new InotifyQueue(descriptor, this.calls, this.libc, this.signals, this.clock, news);
  }
}

/** What the kernel tells of the files that are watched, until it is closed. */
export class InotifyQueue {
  private readonly bytes = Buffer.allocUnsafeSlow(READ_BYTES);
  private timer: Timer;
  private isClosed = false;
  /** The last look has left something. */
  private isMore = false;

  constructor(
    private readonly descriptor: number,
    private readonly calls: InotifyCalls,
    private readonly libc: Pick<Libc, 'refusal'>,
    private readonly signals: Pick<IoSignals, 'arm' | 'disarm'>,
    private readonly clock: Clock,
    private readonly news: () => void,
  ) {
    this.timer = this.listen();
  }

  /**
   * Watches a file or folder. The same one again is the same watch, whatever its path.
   *
   * @param mask what is told, as inotify(7) has it
   * @throws SystemCallError with what the system says
   */
  add(path: Buffer, mask: number): number {
    const watch = this.calls.add(this.descriptor, Buffer.concat([path, Buffer.alloc(1)]), mask);
    if (watch === -1) throw this.libc.refusal('inotify_add_watch');
    return watch;
  }

  /** Ends a watch. One that has ended by itself is none of ours any more. */
  remove(watch: number): void {
    this.calls.remove(this.descriptor, watch);
  }

  /** What is there to be read, so much at a time: there is news again soon where that is not all. What it gives is good until the next. */
  *read(): Generator<Buffer> {
    this.isMore = false;
    for (let total = 0; !this.isClosed && !this.isMore;) {
      const count = this.calls.read(this.descriptor, this.bytes, READ_BYTES);
      if (count <= 0) return;
      total += count;
      this.isMore = total > MOST_BYTES - READ_BYTES;
      yield this.bytes.subarray(0, count);
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.timer.cancel();
    this.signals.disarm(this.descriptor);
    closeSync(this.descriptor);
  }

  private listen(): Timer {
    this.signals.arm(this.descriptor, () => this.gather());
    return this.clock.after(LOOK_MS, () => this.gather());
  }

  private gather(): void {
    this.signals.disarm(this.descriptor);
    this.timer.cancel();
    this.news();
    if (this.isClosed) return;
    this.timer = this.clock.after(GATHER_MS, () => this.rest());
  }

  /** Announcements are asked for first, and then it is looked once more: so that nothing comes in between. */
  private rest(): void {
    this.timer = this.listen();
    this.news();
    if (this.isMore && !this.isClosed) this.gather();
  }
}
