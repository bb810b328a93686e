import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ProblemError } from '@warmbox/platform';
import { ActivityMeter } from '../activity/activity.meter.js';

/** Requests that concern files and are on their way: that is activity, and keeps the sandbox. */
@Injectable()
export class OpenTransfers implements OnApplicationShutdown {
  private readonly open = new Set<Promise<void>>();
  private readonly ending = new AbortController();

  constructor(private readonly meter: ActivityMeter) {
    meter.observe(() => ({ attached: this.open.size }));
  }

  /**
   * One of them, which lasts as long as its work.
   *
   * @param work what takes long without a client that could leave ends with the signal: the executor's end
   * @throws ProblemError conflict while the sandbox is sealed; what the work throws
   */
  async during<Result>(work: (ending: AbortSignal) => Promise<Result>): Promise<Result> {
    this.meter.admit();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.open.add(promise);
    try {
      return await work(this.ending.signal);
    } finally {
      this.open.delete(promise);
      this.meter.touch();
      resolve(undefined);
    }
  }

  /** Their clients are cut off by now: what they have begun is cleared away before the process ends. */
  async onApplicationShutdown(): Promise<void> {
    this.ending.abort(new ProblemError('shutting_down', 'The executor stops.'));
    await Promise.all(this.open);
  }
}
