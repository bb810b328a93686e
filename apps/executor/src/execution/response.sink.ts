import type { ServerResponse } from 'node:http';

/** Where a stream's text goes. */
export interface TextSink {
  /** @returns false where no more is to be written before `onDrain` is called. */
  write(text: string, encoding: 'utf8' | 'latin1'): boolean;
  /** Sends the head of the answer if it has not gone out with a text. */
  flush(): void;
  /** Writes the last text and ends; both go out together. */
  end(text: string): void;
  /** Sets what is called when more can be written. */
  onDrain(task: () => void): void;
  /** Sets what is called once when the other side has gone or everything is sent; at once if that is already so. */
  onClose(task: () => void): void;
}

/**
 * The body of an answer whose head has been written. A client that closes its half of the connection has gone: Node ends its
 * own half then, and what is still queued would keep the connection for as long as the client takes nothing.
 */
export function responseSink(response: ServerResponse): TextSink {
  const { socket } = response;
  return {
    write: (text, encoding) => response.write(text, encoding),
    flush: () => response.flushHeaders(),
    end: (text) => void response.end(text),
    onDrain: (task) => void response.on('drain', task),
    onClose(task) {
      if (socket === null || socket.destroyed || socket.readableEnded) {
        socket?.destroy();
        task();
        return;
      }
      let isOver = false;
      const over = (): void => {
        if (isOver) return;
        isOver = true;
        socket.off('end', destroy);
        task();
      };
      const destroy = (): void => void socket.destroy();
      socket.on('end', destroy);
      response.on('close', over);
    },
  };
}
