import { request } from 'node:http';
import { systemClock } from '@warmbox/platform';

/** How long after a failure it is tried again, in milliseconds. */
const RETRY_MS = 10;

/**
 * Resolves when the executor behind a Unix socket has answered for the first time, whatever it says. Where the socket was
 * listened on before its executor began to start, one request waits for it in the socket's queue.
 *
 * @throws the signal's reason when it aborts first.
 */
export async function executorAnswers(socketPath: string, signal: AbortSignal, clock = systemClock): Promise<void> {
  signal.throwIfAborted();
  while (!(await answersOnce(socketPath, signal))) await clock.sleep(RETRY_MS, signal);
}

function answersOnce(socketPath: string, signal: AbortSignal): Promise<boolean> {
  const headers = { host: 'localhost', connection: 'close' };
  return new Promise((resolve) => {
    const get = request({ socketPath, path: '/healthz', headers, signal, agent: false }, (response) => {
      response.on('error', () => undefined);
      response.resume();
      resolve(true);
    });
    get.on('error', () => resolve(false));
    get.end();
  });
}
