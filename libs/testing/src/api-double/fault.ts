import { ServerResponse } from 'node:http';
import { fail } from './answer.js';
import type { Asked } from './asked.js';

/** What happens to a request instead of what should; `carryOut` does what should, and answers to whom it is told. */
export type Fault = (asked: Asked, response: ServerResponse, carryOut: (to: ServerResponse) => void) => void;

/** Faults by name. */
export const faults = {
  /** Answers with a Status of this code. */
  status:
    (code: number, reason = 'Scripted', headers: Record<string, string> = {}): Fault =>
    (_asked, response) =>
      fail(response, code, reason, headers),
  /** Answers with a body of its own. */
  body:
    (code: number, text: string, headers: Record<string, string> = {}): Fault =>
    (_asked, response) =>
      void response.writeHead(code, headers).end(text),
  /** Never answers. */
  silence: (): Fault => () => undefined,
  /** Resets the connection without an answer. */
  reset: (): Fault => (_asked, response) => void response.socket?.resetAndDestroy(),
  /** Does what was asked, and resets the connection instead of saying so. */
  doneThenReset: (): Fault => (asked, response, carryOut) => {
    carryOut(new ServerResponse(asked.request));
    response.socket?.resetAndDestroy();
  },
} as const;
