/**
 * Loaded into a server before its own program: tells its parent how long its event loop was kept from turning between the messages
 * `begin` and `end`, in milliseconds.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds between two looks. */
const RESOLUTION = 1;

const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
histogram.enable();
const delay = (ns) => Math.max(0, ns / 1e6 - RESOLUTION);

process.on('message', (message) => {
  if (message === 'end') {
    process.send({
      p50: delay(histogram.percentile(50)),
      p95: delay(histogram.percentile(95)),
      most: delay(histogram.max),
    });
  }
  histogram.reset();
});
