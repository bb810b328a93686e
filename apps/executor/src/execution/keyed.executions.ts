import { hashOfBody, keyReused } from '@warmbox/http';
import { ProblemError } from '@warmbox/platform';
import type { Execution } from './execution.js';

/** The most keys that are remembered. */
const MOST = 4_096;

/** The request that came first with a key. */
interface Keyed {
  body: string;
  /** While its command is being started. */
  starting?: Promise<Execution>;
  /** The id of its execution, which is not held here: it is kept for as long as any other. */
  id?: string;
}

/** The execution of a request. */
export interface Started {
  execution: Execution;
  /** Whether this request has started it; else an earlier one with the same key has. */
  isNew: boolean;
}

/** What is looked at of an execution by its id. */
export interface KeyedMeans {
  /** That which runs or is kept. */
  find: (id: string) => Execution | undefined;
  isRunning: (id: string) => boolean;
}

/**
 * Executions by the Idempotency-Key that they were asked for with: however often a request is sent, its command runs once. A key is
 * remembered longer than its execution is kept, because a retry that comes too late must not run the command again; only the latest
 * few thousand of a sandbox are.
 */
export class KeyedExecutions {
  private readonly byKey = new Map<string, Keyed>();

  constructor(
    private readonly means: KeyedMeans,
    private readonly most = MOST,
  ) {}

  /**
   * @param start starts the command; a refusal is that of all who ask meanwhile, and leaves the key new.
   * @throws ProblemError idempotency_key_reused; output_gone where the execution is no longer kept; what `start` throws
   */
  async run(key: string, request: object, start: () => Promise<Execution>): Promise<Started> {
    const body = hashOfBody(request);
    const known = this.byKey.get(key);
    if (known === undefined) return { execution: await this.start(key, body, start), isNew: true };
    if (known.body !== body) throw keyReused();
    const execution = await (known.starting ?? this.means.find(known.id ?? ''));
    if (execution === undefined) throw gone(known.id ?? '');
    return { execution, isNew: false };
  }

  private async start(key: string, body: string, start: () => Promise<Execution>): Promise<Execution> {
    const starting = start();
    this.byKey.set(key, { body, starting });
    try {
      const execution = await starting;
      this.byKey.set(key, { body, id: execution.id });
      this.forget();
      return execution;
    } catch (error) {
      this.byKey.delete(key);
      throw error;
    }
  }

  /** Forgets the oldest keys that are too many, but none of a command that is not over. */
  private forget(): void {
    for (const [key, { id }] of this.byKey) {
      if (this.byKey.size <= this.most) return;
      if (id !== undefined && !this.means.isRunning(id)) this.byKey.delete(key);
    }
  }
}

function gone(id: string): ProblemError {
  return new ProblemError(
    'output_gone',
    `The command of this Idempotency-Key has run as execution ${JSON.stringify(id)}, which is no longer kept. It is not run again: to do that, use a new key.`,
  );
}
