import { Agent, request } from 'undici';

/** A way to execute: through the manager, or the executor itself. */
export interface Way {
  name: string;
  /** Of the POST that executes. */
  url: string;
  headers: Record<string, string>;
}

/** Of one execution, in milliseconds from its request. */
export interface Timing {
  /** Until the first byte of the first event. */
  firstByteMs: number;
  /** Until the end of the stream. */
  endMs: number;
  /** Bytes of the stream. */
  bytes: number;
}

const agent = new Agent({ pipelining: 1, bodyTimeout: 0 });

/** Runs one command to its end, reading its event stream as fast as it comes. */
export async function run({ url, headers }: Way, body: object): Promise<Timing> {
  const startedAt = performance.now();
  const answer = await request(url, {
    dispatcher: agent,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${await answer.body.text()}`);
  let firstByteMs = NaN;
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    if (bytes === 0) firstByteMs = performance.now() - startedAt;
    bytes += chunk.length;
  }
  return { firstByteMs, endMs: performance.now() - startedAt, bytes };
}

/** Alternates between the ways, so that what the machine does meanwhile meets all of them alike. */
export async function alternate<T>(ways: Way[], rounds: number, measure: (way: Way) => Promise<T>): Promise<T[][]> {
  const results: T[][] = ways.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, way] of ways.entries()) results[index]?.push(await measure(way));
  }
  return results;
}

/** The value below which this share of the values lies. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export function closeConnections(): Promise<void> {
  return agent.destroy();
}
