import { once } from 'node:events';
import type { TerminalNotice } from '@warmbox/contracts';
import type { WebSocket } from 'ws';
import { waitFor } from './wait.js';

/** One who looks at a terminal. */
export class TerminalClient {
  /** What binary frames have brought. */
  readonly chunks: Buffer[] = [];
  /** What text frames have brought. */
  readonly notices: TerminalNotice[] = [];
  /** The code that the connection was closed with. */
  closed: number | undefined;

  private constructor(readonly socket: WebSocket) {
    socket
      .on('message', (data: Buffer, isBinary) => {
        if (isBinary) this.chunks.push(data);
        else this.notices.push(JSON.parse(data.toString()) as TerminalNotice);
      })
      .on('error', () => undefined)
      .on('close', (code) => (this.closed = code));
  }

  /** @throws where the connection is refused, with the status in its message */
  static async connect(url: string, headers: Record<string, string>): Promise<TerminalClient> {
    const { WebSocket } = await import('ws');
    const client = new TerminalClient(new WebSocket(url.replace(/^http/, 'ws'), { headers }));
    await once(client.socket, 'open');
    return client;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  get bytes(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /** Types a text, as xterm's AttachAddon does. */
  type(text: string): void {
    this.socket.send(text);
  }

  resize(cols: number, rows: number): void {
    this.socket.send(JSON.stringify({ type: 'resize', cols, rows }));
  }

  /** Waits until what has come matches. */
  shows(pattern: RegExp): Promise<string> {
    return waitFor(`the terminal shows ${pattern}`, () => this.text, pattern);
  }

  /** Waits until the program's end has been told and the connection is closed. */
  async ended(): Promise<TerminalNotice & { type: 'exit' }> {
    await waitFor('the connection is closed', () => ({ code: this.closed, text: this.text.slice(-500) }), {
      code: 1000,
    });
    return this.notices.at(-1) as TerminalNotice & { type: 'exit' };
  }
}
