import type { ServerResponse } from 'node:http';
import { every, KEEP_ALIVE_MS, type Clock, type Timer } from '@warmbox/platform';

/** Says again and again, by an interim answer (102), that this executor lives, until there is an answer or it is cancelled. */
export function interimAnswers(response: ServerResponse, clock: Clock): Timer {
  return every(clock, KEEP_ALIVE_MS, () => {
    // Who speaks HTTP/1.0 would take it for the answer.
    if (response.req.httpVersion !== '1.0' && !response.headersSent) response.writeProcessing();
  });
}
