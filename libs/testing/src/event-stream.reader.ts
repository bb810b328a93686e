import type { StreamEvent } from '@warmbox/platform';
import { createParser } from 'eventsource-parser';

/**
 * Reads Server-Sent Events as they come, by a parser that is not ours: what our writer writes must be right for others.
 *
 * @throws for a field that no event has.
 */
export async function* readServerSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  const events: StreamEvent[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onError: (error) => {
      throw error;
    },
  });
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* events.splice(0);
  }
}
