import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionEvents } from '@warmbox/dto';
import type { ExecutionEventName } from '@warmbox/contracts';
import { readServerSentEvents, TerminalClient } from '@warmbox/testing';
import { ExecutorOptions } from '../src/config/executor.options.js';
import { createApp, type ExecutorApp } from '../src/create.app.js';

/** An event as a client sees it. */
export interface SeenEvent {
  event: ExecutionEventName;
  id?: string;
  data: ExecutionEvents['OutputEvent'] &
    ExecutionEvents['CompletedEvent'] &
    ExecutionEvents['StartedEvent'] &
    ExecutionEvents['ErrorEvent'];
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON. */
  json: Record<string, unknown>;
}

export interface Ask {
  method?: string;
  body?: unknown;
  /** A body as it is, in place of `body`. */
  raw?: string;
  headers?: Record<string, string>;
}

const TOKEN = 'the-token-of-the-tests';

/** A real executor in this process, on a free port, with a workspace of its own. Processes, pipes and sockets are real. */
export class TestExecutor {
  readonly token = TOKEN;
  private readonly sockets = new Set<Socket>();
  private ended: Promise<void> | undefined;

  private constructor(
    private readonly executor: ExecutorApp,
    readonly port: number,
    readonly workspace: string,
  ) {}

  static async start(overrides: Partial<ExecutorOptions> = {}): Promise<TestExecutor> {
    const workspace = await mkdtemp(join(tmpdir(), 'executor-spec-'));
    const options = Object.assign(new ExecutorOptions(), { token: TOKEN, workspace, logLevel: 'error', ...overrides });
    const executor = await createApp(options);
    await executor.app.listen(0, '127.0.0.1');
    const { port } = executor.app.getHttpServer().address() as { port: number };
    return new TestExecutor(executor, port, workspace);
  }

  /** Ends it; its workspace stays. */
  end(): Promise<void> {
    return (this.ended ??= this.executor.stop());
  }

  async stop(): Promise<void> {
    await this.end();
    await rm(this.workspace, { recursive: true, force: true });
  }

  /** Cuts every connection from the client's side. */
  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Begins a request; resolves with the answer's head. `destroy()` on it is a client that vanishes. */
  async open(path: string, { method = 'GET', body, raw, headers = {} }: Ask = {}): Promise<IncomingMessage> {
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const outgoing = request({
      host: '127.0.0.1',
      port: this.port,
      method,
      path,
      agent: false,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    outgoing.on('socket', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    outgoing.end(text);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    // A client that goes away in mid-answer is no error of the test.
    answer.on('error', () => undefined);
    outgoing.on('error', () => undefined);
    return answer;
  }

  async ask(path: string, ask?: Ask): Promise<Answer> {
    const answer = await this.open(path, ask);
    let text = '';
    for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
    const isJson = /[/+]json/.test(answer.headers['content-type'] ?? '') && text !== '';
    return {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      text,
      json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  }

  /** Runs a command and gives its result as JSON. */
  async run(body: object): Promise<Record<string, unknown>> {
    const { json } = await this.ask('/api/execute', { method: 'POST', body, headers: { accept: 'application/json' } });
    return json;
  }

  /** Starts a command as its creator. */
  execute(body: object, headers: Record<string, string> = {}): Promise<IncomingMessage> {
    return this.open('/api/execute', { method: 'POST', body, headers });
  }

  /** All executions as the executor shows them. */
  async executions(): Promise<Record<string, unknown>[]> {
    return JSON.parse((await this.ask('/api/executions')).text) as Record<string, unknown>[];
  }

  /** Looks at a terminal. */
  view(id: string, query = ''): Promise<TerminalClient> {
    const headers = { authorization: `Bearer ${this.token}` };
    return TerminalClient.connect(`ws://127.0.0.1:${this.port}/api/terminals/${id}/connect${query}`, headers);
  }

  /** The execution as the executor shows it. */
  async execution(id: string): Promise<Record<string, unknown>> {
    return (await this.ask(`/api/executions/${id}`)).json;
  }
}

export function idOf(answer: IncomingMessage): string {
  return String(answer.headers['x-execution-id']);
}

/** The events of an answer, one by one. */
export async function* eventsOf(answer: IncomingMessage): AsyncGenerator<SeenEvent> {
  for await (const { event, id, data } of readServerSentEvents(answer)) {
    yield { event: event as ExecutionEventName, id, data: JSON.parse(data) as SeenEvent['data'] };
  }
}

export async function allEvents(answer: IncomingMessage): Promise<SeenEvent[]> {
  return Array.fromAsync(eventsOf(answer));
}

/** What one of the streams carried. */
export function outputOf(events: SeenEvent[], stream?: 'Stdout' | 'Stderr'): string {
  return events
    .filter(({ event, data }) => event === 'OutputEvent' && (stream === undefined || data.stream === stream))
    .map(({ data }) => data.data)
    .join('');
}

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
