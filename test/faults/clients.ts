import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecuteResultDto, ProblemDto, SandboxDto } from '@warmbox/dto';
import { isEmpty, waitFor } from '@warmbox/testing';
import type { FaultWorld } from './fault.world.js';
import { userOf } from './pod.history.js';

export interface ClientsOptions {
  /** How many go on at once. */
  clients: number;
  /** Whether each runs a command in what it got. */
  runs: boolean;
  /** How long each keeps it after that, in milliseconds. */
  keepsMs?: number;
  /** After so many sandboxes in all they end by themselves. */
  total?: number;
}

/** A client gives up on an answer after this long, in milliseconds: its manager may be stopped. */
const PATIENCE_MS = 8_000;
/** So long without a sandbox for any client is a fault, on however slow a machine, in milliseconds. */
const STALLED_MS = 60_000;
/** Pause after a refusal or a broken connection, in milliseconds. */
const PAUSE_MS = 50;
/** How long the managers may take to undo what they refused, once all is well again, in milliseconds. */
const UNDO_MS = 30_000;

/** The client that sends an Idempotency-Key with each allocation, and the allocation again until it knows what came of it. */
const KEYED = 0;

type Answer<T> = { status: number; body: T & Partial<ProblemDto> } | undefined;

/**
 * Clients with plain manners that allocate, use and delete sandboxes through any manager. Each attempt has a user of its
 * own, by which a client finds what it was given in an answer that never came; one client of all asks again instead, with the
 * same Idempotency-Key.
 */
export class Clients {
  /** How many requests were answered how: `allocate 200`, `allocate 503 pool_empty`, `allocate no answer`. */
  readonly tally = new Map<string, number>();
  /** Milliseconds from an allocation's first request to its answer, of those that were given one. */
  readonly waits: number[] = [];
  /** What went wrong with a sandbox that a client was given. */
  readonly complaints: string[] = [];
  given = 0;
  private readonly unanswered = new Set<string>();
  private readonly leaving = new AbortController();
  private readonly running: Promise<void>;
  private attempts = 0;
  /** Keys are remembered for a day: no two runs share one. */
  private readonly run = randomBytes(3).toString('hex');

  constructor(
    private readonly world: FaultWorld,
    private readonly options: ClientsOptions,
  ) {
    this.running = Promise.all(Array.from({ length: options.clients }, (_, index) => this.live(index))).then(
      () => undefined,
    );
  }

  /**
   * Resolves when they have had their total, however long that takes here.
   *
   * @throws where none of them is given a sandbox for a minute.
   */
  async untilDone(): Promise<void> {
    const isDone = this.running.then(() => true);
    for (let before = -1; before < this.given;) {
      before = this.given;
      const limit = new AbortController();
      const isLate = delay(STALLED_MS, false, { signal: limit.signal }).catch(() => false);
      if (await Promise.race([isDone, isLate])) {
        limit.abort();
        return;
      }
    }
    this.leaving.abort();
    const tally = JSON.stringify(Object.fromEntries(this.tally));
    throw new Error(
      `After ${this.given} sandboxes no client was given another one for ${STALLED_MS / 1000} s: ${tally}`,
    );
  }

  /**
   * Ends them, and has each delete what it owns, also what it only may own. What is left then is the managers' to undo: it
   * was claimed for somebody whom they refused.
   */
  async leave(): Promise<void> {
    this.leaving.abort();
    await this.running;
    const users = async (): Promise<string[]> => {
      const left = this.world.history.pods.flatMap((pod) => userOf(pod) ?? []);
      for (const user of left) if (this.unanswered.has(user)) await this.deleteAllOf(user);
      return left;
    };
    await waitFor('nothing of a client is left', users, isEmpty, UNDO_MS).catch(() => undefined);
  }

  private async live(index: number): Promise<void> {
    const { total = Infinity } = this.options;
    while (!this.leaving.signal.aborted && this.given < total) {
      this.attempts += 1;
      await this.attempt(`client-${this.run}-${index}-${this.attempts}`, index === KEYED);
    }
  }

  private async attempt(user: string, isKeyed: boolean): Promise<void> {
    const began = performance.now();
    const body = { userId: user, waitSeconds: 5 };
    const key = isKeyed ? user : undefined;
    let answer = await this.ask<SandboxDto>('allocate', 'POST', '/api/kata/allocate', body, key);
    while (isKeyed && isUncertain(answer) && !this.leaving.signal.aborted) {
      await delay(PAUSE_MS);
      answer = await this.ask<SandboxDto>('allocate again', 'POST', '/api/kata/allocate', body, key);
    }
    if (answer?.status !== 200) {
      if (answer === undefined || (isKeyed && isUncertain(answer))) this.unanswered.add(user);
      await delay(PAUSE_MS);
      return;
    }
    this.given += 1;
    this.waits.push(performance.now() - began);
    const { name } = answer.body;
    this.world.history.answer(name, user);
    if (this.options.runs) await this.use(name);
    await delay(this.options.keepsMs ?? 0);
    await this.release(name);
  }

  /** Sees that the sandbox lives, through another manager than it came from as often as not. */
  private async use(name: string): Promise<void> {
    const answer = await this.untilAnswered<ExecuteResultDto>('execute', 'POST', `/api/kata/${name}/execute`, {
      command: 'echo $HOSTNAME',
    });
    if (answer.status === 200 && answer.body.stdout === `${name}\n`) return;
    this.complaints.push(`${name} does not run commands: ${answer.status} ${answer.body.code ?? answer.body.stdout}`);
  }

  private async release(name: string): Promise<void> {
    const { status, body } = await this.untilAnswered('delete', 'DELETE', `/api/kata/${name}`);
    // Gone: a request whose answer was lost had deleted it already.
    if (![200, 404, 410].includes(status))
      this.complaints.push(`${name} cannot be deleted: ${status} ${body.code ?? ''}`);
  }

  private async deleteAllOf(user: string): Promise<void> {
    await this.ask('delete', 'DELETE', `/api/kata?userId=${user}`);
  }

  /** Again and again through any manager while none answers, or says that it cannot now. */
  private async untilAnswered<T>(
    what: string,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<NonNullable<Answer<T>>> {
    for (;;) {
      const answer = await this.ask<T>(what, method, path, body);
      if (answer !== undefined && answer.status !== 503 && answer.status !== 504) return answer;
      await delay(PAUSE_MS);
    }
  }

  private async ask<T>(what: string, method: string, path: string, body?: unknown, key?: string): Promise<Answer<T>> {
    const { managers } = this.world;
    const manager = managers[Math.floor(Math.random() * managers.length)];
    const headers = { accept: 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const response = await manager!.client.fetch(method, path, { body, headers, signal });
      const answer = { status: response.status, body: (await response.json()) as T & Partial<ProblemDto> };
      this.count(`${what} ${answer.status} ${answer.body.code ?? ''}`.trim());
      return answer;
    } catch {
      this.count(`${what} no answer`);
      return undefined;
    }
  }

  private count(key: string): void {
    this.tally.set(key, (this.tally.get(key) ?? 0) + 1);
  }
}

/** Whether the request may have been carried out, or is still being: no answer, or one that says so. */
function isUncertain(answer: Answer<unknown>): boolean {
  return answer === undefined || answer.body.code === 'kubernetes_unavailable' || answer.body.code === 'conflict';
}
