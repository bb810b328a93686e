import { watch, type FSWatcher } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';

/** How often it is tried where the system does not tell of a new file, in milliseconds. */
const RETRY_MS = 10;

/**
 * Resolves as soon as something accepts connections on a Unix socket: tried whenever its folder changes, and every ten
 * milliseconds besides, since the file is there a moment before it is listened on.
 *
 * @throws the signal's reason when it aborts first.
 */
export async function socketAccepts(path: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    let isTrying = false;
    const attempt = (): void => {
      if (isTrying) return;
      isTrying = true;
      const socket = createConnection({ path });
      socket.once('connect', () => {
        socket.destroy();
        finish();
        resolve();
      });
      socket.once('error', () => (isTrying = false));
    };
    const watcher = watchFolder(dirname(path), attempt);
    const timer = setInterval(attempt, RETRY_MS);
    const abort = (): void => {
      finish();
      reject(signal.reason as Error);
    };
    const finish = (): void => {
      watcher?.close();
      clearInterval(timer);
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort, { once: true });
    attempt();
  });
}

/** A folder that cannot be watched (the system has too many watches) is still looked at now and then. */
function watchFolder(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, onChange);
    return watcher.on('error', () => watcher.close());
  } catch {
    return undefined;
  }
}
