import { setTimeout as delay } from 'node:timers/promises';
import type {
  CompletedEventDto,
  CreateSandboxDto,
  ExecuteDto,
  ExecuteResultDto,
  OutputEventDto,
  SandboxDto,
} from '@warmbox/dto';
import { AnsweredProblem, type Streaming, type WarmboxClient } from '@warmbox/testing/harness';

/** How often one request is tried. */
const ATTEMPTS = 50;
/** Between two attempts where the answer does not say, in milliseconds. */
const PAUSE_MS = 200;

export interface StreamedRun {
  stdout: string;
  completed: CompletedEventDto;
  /** How often the stream was resumed. */
  resumed: number;
}

/**
 * A client with plain manners, and no better ones: it tries again on 503 and on a connection that was closed, and resumes a
 * stream that ended without a result. Any other error is its user's.
 */
export class PoliteClient {
  /** How many attempts were cut off, and how many answered 503. */
  readonly retries = { closed: 0, unavailable: 0 };

  constructor(private readonly client: WarmboxClient) {}

  create(request: CreateSandboxDto = {}): Promise<SandboxDto> {
    return this.again(() => this.client.create(request));
  }

  get(name: string): Promise<SandboxDto> {
    return this.again(() => this.client.get(name));
  }

  list(): Promise<SandboxDto[]> {
    return this.again(() => this.client.list());
  }

  delete(name: string): Promise<unknown> {
    return this.again(async () => {
      try {
        return await this.client.delete(name);
      } catch (error) {
        // The attempt before had done it, and its answer was lost.
        if (error instanceof AnsweredProblem && error.problem.code === 'sandbox_gone') return undefined;
        throw error;
      }
    });
  }

  execute(name: string, request: ExecuteDto): Promise<ExecuteResultDto> {
    return this.again(() => this.client.execute(name, request));
  }

  /** Runs a command to its end, however often its stream breaks. */
  async executeStreaming(name: string, command: string): Promise<StreamedRun> {
    const run = new StreamReading();
    let streaming = await this.again(() => this.client.executeStreaming(name, { command, events: 'all' }));
    const { executionId } = streaming;
    for (let resumed = 0; ; resumed += 1) {
      await run.read(streaming);
      if (run.completed !== undefined) return { stdout: run.stdout, completed: run.completed, resumed };
      streaming = await this.again(() => this.client.resume(name, executionId, run.lastEventId));
    }
  }

  private async again<T>(attempt: () => Promise<T>): Promise<T> {
    for (let left = ATTEMPTS; ; left -= 1) {
      try {
        return await attempt();
      } catch (error) {
        const pauseMs = pauseAfter(error);
        if (pauseMs === undefined || left === 0) throw error;
        this.retries[isClosedConnection(error) ? 'closed' : 'unavailable'] += 1;
        await delay(pauseMs);
      }
    }
  }
}

/** What has been read of one execution over all its streams. */
class StreamReading {
  stdout = '';
  completed: CompletedEventDto | undefined;
  lastEventId: string | undefined;

  async read({ events }: Streaming): Promise<void> {
    try {
      for await (const { event, id, data } of events) {
        if (event === 'OutputEvent') this.stdout += (JSON.parse(data) as OutputEventDto).data;
        else if (event === 'CompletedEvent') this.completed = JSON.parse(data) as CompletedEventDto;
        else if (event === 'GapEvent') throw new Error(`output was lost: ${data}`);
        this.lastEventId = id ?? this.lastEventId;
      }
    } catch (error) {
      if (!isClosedConnection(error)) throw error;
    }
  }
}

function pauseAfter(error: unknown): number | undefined {
  if (isClosedConnection(error)) return PAUSE_MS;
  if (!(error instanceof AnsweredProblem) || error.status !== 503) return undefined;
  const seconds = Number(error.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : PAUSE_MS;
}

/** fetch says `TypeError: fetch failed` or `terminated` for whatever happened to a connection; Jest's TypeError is another class. */
function isClosedConnection(error: unknown): boolean {
  const { name, message } = error as Error;
  return name === 'TypeError' && /^(fetch failed|terminated)$/.test(message);
}
