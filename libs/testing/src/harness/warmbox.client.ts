import type {
  CreateSandboxDto,
  CreateTerminalDto,
  CreationEvent,
  ExecuteDto,
  ExecutionDto,
  ExecuteResultDto,
  OutputPageDto,
  PoolStatusDto,
  ProblemDto,
  RunDto,
  SandboxDto,
  TerminalDto,
} from '@warmbox/dto';
import type { StreamEvent } from '@warmbox/platform';
import { readServerSentEvents } from '../event-stream.reader.js';
import { TerminalClient } from '../terminal.client.js';
import { orError, waitFor } from '../wait.js';

/** An answer that was an error. */
export class AnsweredProblem extends Error {
  constructor(
    readonly status: number,
    readonly problem: ProblemDto,
    readonly headers: Headers,
  ) {
    super(`${status} ${problem.code}: ${problem.detail}`);
  }
}

export interface Streaming {
  executionId: string;
  events: AsyncGenerator<StreamEvent>;
}

/** A client of the manager's API with plain manners, for tests and benches. */
export class WarmboxClient {
  constructor(
    readonly url: string,
    readonly apiKey: string,
    readonly runtime = 'kata',
  ) {}

  /** One request; `body` is sent as JSON. Answers whatever came. */
  fetch(
    method: string,
    path: string,
    { body, headers, signal }: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<Response> {
    return fetch(this.url + path, {
      method,
      signal,
      headers: {
        'x-api-key': this.apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  /** @throws AnsweredProblem */
  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.checked(
      await this.fetch(method, path, { body, headers: { accept: 'application/json' } }),
    );
    return (await response.json()) as T;
  }

  /** A ready sandbox. */
  create(request: CreateSandboxDto = {}): Promise<SandboxDto> {
    return this.json('POST', `/api/${this.runtime}`, request);
  }

  async *createStreaming(request: CreateSandboxDto = {}, signal?: AbortSignal): AsyncGenerator<CreationEvent> {
    const response = await this.checked(await this.fetch('POST', `/api/${this.runtime}`, { body: request, signal }));
    for await (const { data } of readServerSentEvents(bodyOf(response))) yield JSON.parse(data) as CreationEvent;
  }

  get(name: string): Promise<SandboxDto> {
    return this.json('GET', `/api/${this.runtime}/${name}`);
  }

  /** Waits until a sandbox is gone; a manager that cannot tell yet is asked again. @returns the answer that tells how it ended. */
  gone(name: string, timeoutMs?: number): Promise<AnsweredProblem> {
    const tells = (answer: unknown): answer is AnsweredProblem =>
      answer instanceof AnsweredProblem && answer.status !== 503;
    return waitFor(`${name} is gone`, () => orError<unknown>(this.get(name)), tells, timeoutMs);
  }

  list(query = ''): Promise<SandboxDto[]> {
    return this.json('GET', `/api/${this.runtime}${query}`);
  }

  delete(name: string): Promise<unknown> {
    return this.json('DELETE', `/api/${this.runtime}/${name}`);
  }

  poolStatus(): Promise<PoolStatusDto> {
    return this.json('GET', `/api/${this.runtime}/pool/status`);
  }

  /** The status of the pool now, and whenever it has changed. */
  async *poolEvents(signal: AbortSignal): AsyncGenerator<PoolStatusDto> {
    const response = await this.checked(await this.fetch('GET', `/api/${this.runtime}/pool/events`, { signal }));
    for await (const { data } of readServerSentEvents(bodyOf(response))) yield JSON.parse(data) as PoolStatusDto;
  }

  /** The same client for another runtime. */
  of(runtime: string): WarmboxClient {
    return new WarmboxClient(this.url, this.apiKey, runtime);
  }

  /** Runs a command to its end. */
  execute(name: string, request: ExecuteDto): Promise<ExecuteResultDto> {
    return this.json('POST', `/api/${this.runtime}/${name}/execute`, request);
  }

  /** Runs a command and streams its events. */
  async executeStreaming(name: string, request: ExecuteDto, signal?: AbortSignal): Promise<Streaming> {
    return this.streaming(await this.fetch('POST', `/api/${this.runtime}/${name}/execute`, { body: request, signal }));
  }

  /** Runs a command to its end in a sandbox of its own. */
  run(request: RunDto): Promise<ExecuteResultDto> {
    return this.json('POST', `/api/${this.runtime}/run`, request);
  }

  /** The same, with its events. */
  async runStreaming(request: RunDto, signal?: AbortSignal): Promise<Streaming & { name: string }> {
    const response = await this.fetch('POST', `/api/${this.runtime}/run`, { body: request, signal });
    const streaming = await this.streaming(response);
    return { ...streaming, name: response.headers.get('x-sandbox-name') ?? '' };
  }

  /** The events of an execution from an id on. */
  async resume(
    name: string,
    executionId: string,
    lastEventId: string | undefined,
    query = '',
    signal?: AbortSignal,
  ): Promise<Streaming> {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const path = `/api/${this.runtime}/${name}/executions/${executionId}/events${query}`;
    const { events } = await this.streaming(await this.fetch('GET', path, { headers, signal }));
    return { executionId, events };
  }

  executions(name: string): Promise<ExecutionDto[]> {
    return this.json('GET', `/api/${this.runtime}/${name}/executions`);
  }

  execution(name: string, id: string): Promise<ExecutionDto> {
    return this.json('GET', `/api/${this.runtime}/${name}/executions/${id}`);
  }

  /** A page of an execution's output. */
  output(name: string, id: string, query = ''): Promise<OutputPageDto> {
    return this.json('GET', `/api/${this.runtime}/${name}/executions/${id}/output${query}`);
  }

  signal(name: string, id: string, signal: string): Promise<ExecutionDto> {
    return this.json('POST', `/api/${this.runtime}/${name}/executions/${id}/signal`, { signal });
  }

  /** Makes a terminal. */
  createTerminal(name: string, request: CreateTerminalDto): Promise<TerminalDto> {
    return this.json('POST', `/api/${this.runtime}/${name}/terminals`, request);
  }

  terminal(name: string, id: string): Promise<TerminalDto> {
    return this.json('GET', `/api/${this.runtime}/${name}/terminals/${id}`);
  }

  /** Looks at a terminal. */
  viewTerminal(name: string, id: string, query = ''): Promise<TerminalClient> {
    const url = `${this.url}/api/${this.runtime}/${name}/terminals/${id}/connect${query}`;
    return TerminalClient.connect(url, { 'x-api-key': this.apiKey });
  }

  private async streaming(response: Response): Promise<Streaming> {
    await this.checked(response);
    return {
      executionId: response.headers.get('x-execution-id') ?? '',
      events: readServerSentEvents(bodyOf(response)),
    };
  }

  private async checked(response: Response): Promise<Response> {
    if (response.ok) return response;
    throw new AnsweredProblem(response.status, (await response.json()) as ProblemDto, response.headers);
  }
}

function bodyOf(response: Response): AsyncIterable<Uint8Array> {
  if (response.body === null) throw new Error('the answer has no body');
  return response.body;
}
