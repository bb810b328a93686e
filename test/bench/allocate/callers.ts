import { Agent, request } from 'undici';
import type { Call } from './load.js';

/** Clients of managers, over kept-alive connections; client by client on one manager after the other. */
export class Callers {
  private readonly agent = new Agent({ connections: 128, pipelining: 1, keepAliveTimeout: 60_000 });

  constructor(
    private readonly urls: readonly string[],
    private readonly apiKey: string,
  ) {}

  /** @param body of each request, besides the user. */
  allocate(body: object = {}): Call {
    return async (userId, client) => {
      const url = this.urls[client % this.urls.length] ?? '';
      const answer = await request(`${url}/api/kata/allocate`, {
        method: 'POST',
        dispatcher: this.agent,
        headers: { 'x-api-key': this.apiKey, 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, userId }),
      });
      const { name, code } = (await answer.body.json()) as { name?: string; code?: string };
      return answer.statusCode === 200 ? { result: 'ok', pod: name } : { result: `${answer.statusCode} ${code}` };
    };
  }

  /** The metrics of every manager, one text after the other. */
  async metrics(): Promise<string[]> {
    return Promise.all(
      this.urls.map(async (url) => {
        const headers = { 'x-api-key': this.apiKey };
        return (await request(`${url}/metrics`, { dispatcher: this.agent, headers })).body.text();
      }),
    );
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}
