import type { Socket } from 'node:net';

/**
 * Carries bytes between two connections, as they are and both ways, with back-pressure in both directions. Each direction ends by
 * itself; when one side breaks off, the other side is broken off too. What came on a connection before this is carried first, where
 * it was put back with `unshift`. Nothing is logged or thrown: an error of either side is its end.
 *
 * @returns resolves when both are closed
 */
export async function splice(one: Socket, other: Socket): Promise<void> {
  await Promise.all([carry(one, other), carry(other, one)]);
}

/** One direction; resolves when `from` is closed. */
function carry(from: Socket, to: Socket): Promise<void> {
  // Only a TCP connection can tell its other end by a reset that it was broken off; asked now, while it has an address.
  const isTcp = to.localPort !== undefined;
  from.pipe(to);
  // Nobody else is to be told of the error: 'close' follows, and the other side is broken off.
  from.on('error', () => undefined);
  return new Promise((resolve) => {
    from.once('close', () => {
      // It has said all that it had to say, and was told all that there was to tell: only then is its end no loss.
      const isWhole = from.readableEnded && from.writableFinished && to.readableEnded;
      if (!isWhole && !to.destroyed) {
        if (isTcp) to.resetAndDestroy();
        else to.destroy();
      }
      resolve();
    });
  });
}
