import type { ServerResponse } from 'node:http';

/** Answers with JSON. */
export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Answers with a Status. */
export function fail(response: ServerResponse, code: number, reason: string, headers?: Record<string, string>): void {
  send(response, code, { kind: 'Status', status: 'Failure', code, reason, message: `${reason} (double)` }, headers);
}
