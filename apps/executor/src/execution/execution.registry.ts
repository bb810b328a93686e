import { Inject, Injectable, Logger } from '@nestjs/common';
import { EXECUTE_TIMEOUT_DEFAULT_SECONDS } from '@warmbox/contracts';
import type { ExecuteDto } from '@warmbox/dto';
import { ProblemError, type Clock, type TraceContext } from '@warmbox/platform';
import { ActivityMeter, type Ongoing } from '../activity/activity.meter.js';
import { ExecutorOptions } from '../config/executor.options.js';
import { SessionEnvironment } from '../environment/session.environment.js';
import { PagePool } from '../output/page.pool.js';
import type { StartChild } from '../process/child.js';
import { EscapedProcesses } from '../process/escaped.processes.js';
import { MarkedProcesses } from '../process/marked.processes.js';
import type { Kill, ProcessGroup } from '../process/process.group.js';
import { Background } from './background.js';
import { commandOf, titleOf } from './command.plan.js';
import { Execution } from './execution.js';
import type { ExecutionMeans } from './execution.means.js';
import { newExecutionId } from './execution.id.js';
import { KeyedExecutions, type Started } from './keyed.executions.js';
import { CLOCK, KILL, START_CHILD } from './execution.tokens.js';
import { RetainedExecutions } from './retained.executions.js';

const MI = 2 ** 20;
/** How long a cancelled command may take beyond its kill grace before the answer comes without its end, in milliseconds. */
const CANCEL_SLACK_MS = 1500;
/** How long commands have between SIGTERM and SIGKILL when the sandbox ends, in milliseconds. */
const SHUTDOWN_GRACE_MS = 1000;
const SHUTDOWN_POLL_MS = 20;
/** How long what has left the groups is then sent SIGKILL, in milliseconds. */
const SHUTDOWN_KILL_MS = 500;

/** What comes with a request beside its body. */
export interface StartContext {
  /** Which trace the request is part of. */
  trace?: TraceContext;
  /** Its `Idempotency-Key`. */
  key?: string;
}

/** Every execution of this sandbox: those that run, and for a while those that have ended. */
@Injectable()
export class ExecutionRegistry {
  private readonly logger = new Logger('Execution');
  private readonly running = new Map<string, Execution>();
  private readonly retained: RetainedExecutions;
  private readonly keyed = new KeyedExecutions({
    find: (id) => this.known(id),
    isRunning: (id) => this.running.has(id),
  });
  private readonly means: ExecutionMeans;
  private readonly background: Background;
  /** Ids of commands that are being started. */
  private readonly starting = new Set<string>();
  /** The end of the sandbox that streams were told of last. */
  private expiresAt: string | undefined;
  private isStopping = false;

  constructor(
    private readonly options: ExecutorOptions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(START_CHILD) startChild: StartChild,
    private readonly session: SessionEnvironment,
    private readonly meter: ActivityMeter,
    private readonly processes: MarkedProcesses,
    @Inject(KILL) private readonly kill: Kill,
  ) {
    const { outputRingMi, resultRetentionMinutes, killGraceSeconds } = options;
    this.retained = new RetainedExecutions(resultRetentionMinutes * 60_000, 4 * outputRingMi * MI, clock);
    this.background = new Background({
      processes,
      clock,
      running: () => this.runningGroups(),
      onAlive: () => meter.touch(),
    });
    this.means = {
      startChild,
      processes,
      kill,
      clock,
      pages: new PagePool(),
      ringBytes: outputRingMi * MI,
      killGraceMs: killGraceSeconds * 1000,
      onCompleted: (ended) => this.ended(ended),
      onUnread: () => this.unread(),
    };
    meter.observe(() => this.ongoing());
  }

  /**
   * Starts a command, or finds the one that was started with the same key. Somebody should attach to it in the same turn of the
   * event loop: nobody counts yet.
   *
   * @throws ProblemError cannot_start, invalid_request, shutting_down; conflict while the sandbox is sealed, and where there is an
   *   execution of that id; idempotency_key_reused, output_gone.
   */
  start(request: ExecuteDto, { trace, key }: StartContext = {}): Promise<Started> {
    const start = (): Promise<Execution> => this.startNew(request, trace);
    return key === undefined
      ? start().then((execution) => ({ execution, isNew: true }))
      : this.keyed.run(key, request, start);
  }

  private async startNew(request: ExecuteDto, trace: TraceContext | undefined): Promise<Execution> {
    this.meter.admit();
    const id = this.freeId(request.executionId);
    this.starting.add(id);
    try {
      return await this.begin(id, request, trace);
    } finally {
      this.starting.delete(id);
      this.meter.touch();
    }
  }

  /** The id that was asked for, or a new one. */
  private freeId(asked: string | undefined): string {
    if (asked === undefined) return newExecutionId();
    if (!this.starting.has(asked) && this.known(asked) === undefined) return asked;
    throw new ProblemError(
      'conflict',
      `There is an execution ${JSON.stringify(asked)} in this sandbox: ask for that one, or give this one another executionId.`,
    );
  }

  private async begin(id: string, request: ExecuteDto, trace: TraceContext | undefined): Promise<Execution> {
    const { options } = this;
    const environment = this.session.current;
    const { workspace, maxProcesses } = options;
    const command = commandOf(request, { workspace, environment, trace, maxProcesses });
    const {
      timeoutSeconds = EXECUTE_TIMEOUT_DEFAULT_SECONDS,
      disconnectGraceSeconds = options.disconnectGraceSeconds,
      detached = false,
    } = request;
    const execution = await Execution.start(
      {
        id,
        command,
        title: titleOf(request),
        timeoutMs: timeoutSeconds * 1000,
        grace: detached
          ? undefined
          : { disconnectedMs: disconnectGraceSeconds * 1000, lostMs: options.relayLossGraceSeconds * 1000 },
      },
      this.means,
    );
    this.running.set(execution.id, execution);
    this.logger.debug({ executionId: execution.id, pid: execution.pid }, 'started');
    if (this.isStopping) {
      execution.group.end();
      throw shuttingDown();
    }
    return execution;
  }

  /** @throws ProblemError execution_not_found. */
  find(id: string): Execution {
    const execution = this.known(id);
    if (execution === undefined) {
      throw new ProblemError(
        'execution_not_found',
        `There is no execution ${JSON.stringify(id.slice(0, 100))}: it never was, or its result is no longer kept.`,
      );
    }
    return execution;
  }

  private known(id: string): Execution | undefined {
    return this.running.get(id) ?? this.retained.get(id);
  }

  /** All of them, the newest first. */
  list(): Execution[] {
    return [...this.running.values(), ...this.retained.all()].sort((a, b) => b.startedAt - a.startedAt);
  }

  /** Ends a command, and waits until it has ended, but not longer than that should take. One that has ended stays as it is. */
  async cancel(id: string): Promise<Execution> {
    const execution = this.find(id);
    execution.end('cancel');
    const limit = new AbortController();
    const mostMs = this.options.killGraceSeconds * 1000 + CANCEL_SLACK_MS;
    await Promise.race([execution.completed, this.clock.sleep(mostMs, limit.signal).catch(() => undefined)]);
    limit.abort();
    return execution;
  }

  /** The sandbox ends soon: every stream that is attached now is told. Several managers may say so; it is told once. */
  expire(expiresAt: string): void {
    if (this.expiresAt === expiresAt) return;
    this.expiresAt = expiresAt;
    for (const execution of this.running.values()) execution.expire({ expiresAt, reason: 'lifetime' });
  }

  /** The sandbox ends: every stream is told, every process of every command is killed. Takes a second and a half at most. */
  async stop(): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    for (const execution of this.running.values()) {
      execution.fail(shuttingDown());
      execution.end('shutdown');
    }
    const leftBehind = this.background.stop();
    for (const group of leftBehind) group.terminate();
    const groups = [...leftBehind, ...this.runningGroups()];
    const escaped = new EscapedProcesses({
      each: (visit) => this.processes.each(undefined, visit),
      isReached: (id) => groups.some(({ pid }) => pid === id),
      clock: this.clock,
      kill: this.kill,
    });
    const deadline = this.clock.monotonic() + SHUTDOWN_GRACE_MS;
    const areEscapedGone = escaped
      .terminate(SHUTDOWN_GRACE_MS)
      .then(() => escaped.gone(deadline - this.clock.monotonic()));
    // What is being started is killed as soon as it is a process.
    const isLeft = (): boolean => this.starting.size > 0 || groups.some((group) => group.isAlive());
    while (isLeft() && this.clock.monotonic() < deadline) {
      await this.clock.sleep(SHUTDOWN_POLL_MS);
    }
    for (const group of groups) if (group.isAlive()) group.end();
    if (!(await areEscapedGone)) await escaped.kill(SHUTDOWN_KILL_MS);
  }

  private ongoing(): Ongoing {
    const readers = [...this.running.values(), ...this.retained.all()].map(({ attached }) => attached);
    return {
      running: this.starting.size + this.running.size + this.background.count(),
      attached: readers.reduce((sum, count) => sum + count, 0),
    };
  }

  private runningGroups(): ProcessGroup[] {
    return Array.from(this.running.values(), ({ group }) => group);
  }

  private unread(): void {
    this.meter.touch();
    this.retained.trim();
  }

  private ended(execution: Execution): void {
    this.meter.touch();
    this.running.delete(execution.id);
    this.retained.add(execution);
    this.background.commandEnded(execution.group);
    this.logger.debug({ executionId: execution.id, result: execution.result }, 'completed');
  }
}

function shuttingDown(): ProblemError {
  return new ProblemError('shutting_down', 'The sandbox ends, and its commands with it.');
}
