import type { ServerResponse } from 'node:http';

/**
 * Calls `task` once when the client has gone, or has its whole answer; at once if that is already so. A client that closes its half of
 * the connection has gone: what is still queued for it would keep the connection for as long as it takes nothing.
 */
export function onceClientLeaves(response: ServerResponse, task: () => void): void {
  const { socket } = response;
  if (response.closed || socket === null || socket.destroyed || socket.readableEnded) {
    socket?.destroy();
    task();
    return;
  }
  const destroy = (): void => void socket.destroy();
  socket.once('end', destroy);
  response.once('close', () => {
    socket.off('end', destroy);
    task();
  });
}
