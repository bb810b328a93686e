import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ExecuteDto } from '@warmbox/contracts';
import { ProblemError, type Clock } from '@warmbox/platform';
import { ExecutorOptions } from '../config/executor.options.js';
import { PagePool } from '../output/page.pool.js';
import type { StartChild } from '../process/child.js';
import { baseEnvironment } from '../process/command.environment.js';
import type { ProcessGroup } from '../process/process.group.js';
import { commandOf, titleOf } from './command.plan.js';
import { Execution } from './execution.js';
import { newExecutionId } from './execution.id.js';
import { CLOCK, ENVIRONMENT, START_CHILD } from './execution.tokens.js';
import { RetainedExecutions } from './retained.executions.js';

const MI = 2 ** 20;
const DEFAULT_TIMEOUT_SECONDS = 300;
/** How long a cancelled command may take beyond its kill grace before the answer comes without its end, in milliseconds. */
const CANCEL_SLACK_MS = 1500;
/** How long commands have between SIGTERM and SIGKILL when the sandbox ends, in milliseconds. */
const SHUTDOWN_GRACE_MS = 1000;
const SHUTDOWN_POLL_MS = 20;

/** Every execution of this sandbox: those that run, and for a while those that have ended. */
@Injectable()
export class ExecutionRegistry {
  private readonly logger = new Logger('Execution');
  private readonly running = new Map<string, Execution>();
  private readonly retained: RetainedExecutions;
  private readonly pages = new PagePool();
  private readonly environment: Record<string, string>;
  /** Groups of ended commands that have left something in the background. */
  private readonly leftBehind = new Set<ProcessGroup>();
  private isStopping = false;

  constructor(
    private readonly options: ExecutorOptions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(START_CHILD) private readonly startChild: StartChild,
    @Inject(ENVIRONMENT) own: Readonly<Record<string, string | undefined>>,
  ) {
    const { workspace, environment, outputRingMi, resultRetentionMinutes } = options;
    this.environment = baseEnvironment({ own, workspace, sandbox: environment });
    this.retained = new RetainedExecutions(resultRetentionMinutes * 60_000, 4 * outputRingMi * MI, clock);
  }

  /**
   * Starts a command. Somebody should attach to it in the same turn of the event loop: nobody counts yet.
   *
   * @throws ProblemError cannot_start, invalid_request, shutting_down.
   */
  async start(request: ExecuteDto, traceparent: string | undefined): Promise<Execution> {
    const { options } = this;
    const command = commandOf(request, { workspace: options.workspace, environment: this.environment, traceparent });
    const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, disconnectGraceSeconds = options.disconnectGraceSeconds } =
      request;
    const execution = await Execution.start(
      {
        id: newExecutionId(),
        command,
        title: titleOf(request),
        timeoutMs: timeoutSeconds * 1000,
        grace: { leftMs: disconnectGraceSeconds * 1000, lostMs: options.relayLossGraceSeconds * 1000 },
      },
      {
        startChild: this.startChild,
        clock: this.clock,
        pages: this.pages,
        ringBytes: options.outputRingMi * MI,
        killGraceMs: options.killGraceSeconds * 1000,
        onCompleted: (ended) => this.ended(ended),
        onUnread: () => this.retained.trim(),
      },
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
    const execution = this.running.get(id) ?? this.retained.get(id);
    if (execution === undefined) {
      throw new ProblemError(
        'execution_not_found',
        `There is no execution ${JSON.stringify(id.slice(0, 100))}: it never was, or its result is no longer kept.`,
      );
    }
    return execution;
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

  /** The sandbox ends: every stream is told, every process of every command is killed. Takes about a second at most. */
  async stop(): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    for (const execution of this.running.values()) {
      execution.fail(shuttingDown());
      execution.end('shutdown');
    }
    this.forgetDead();
    for (const group of this.leftBehind) group.terminate();
    const groups = [...this.leftBehind, ...[...this.running.values()].map(({ group }) => group)];
    const deadline = this.clock.monotonic() + SHUTDOWN_GRACE_MS;
    while (groups.some((group) => group.isAlive()) && this.clock.monotonic() < deadline) {
      await this.clock.sleep(SHUTDOWN_POLL_MS);
    }
    for (const group of groups) if (group.isAlive()) group.end();
  }

  private ended(execution: Execution): void {
    this.running.delete(execution.id);
    this.retained.add(execution);
    this.forgetDead();
    if (execution.group.isAlive()) this.leftBehind.add(execution.group);
    this.logger.debug({ executionId: execution.id, result: execution.result }, 'completed');
  }

  private forgetDead(): void {
    for (const group of this.leftBehind) if (!group.isAlive()) this.leftBehind.delete(group);
  }
}

function shuttingDown(): ProblemError {
  return new ProblemError('shutting_down', 'The sandbox ends, and its commands with it.');
}
