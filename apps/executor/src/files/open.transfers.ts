import { Injectable } from '@nestjs/common';
import { ActivityMeter } from '../activity/activity.meter.js';

/** Requests that concern files and are on their way: that is activity, and keeps the sandbox. */
@Injectable()
export class OpenTransfers {
  private open = 0;

  constructor(private readonly meter: ActivityMeter) {
    meter.observe(() => ({ attached: this.open }));
  }

  /**
   * One begins, and lasts until what is returned is called.
   *
   * @throws ProblemError conflict while the sandbox is sealed
   */
  enter(): () => void {
    this.meter.admit();
    this.open += 1;
    return () => {
      this.open -= 1;
      this.meter.touch();
    };
  }
}
