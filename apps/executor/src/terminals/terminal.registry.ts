import { Inject, Injectable, Logger } from '@nestjs/common';
import { TERMINAL_GRACE_DEFAULT_SECONDS } from '@warmbox/contracts';
import type { CreateTerminalDto } from '@warmbox/dto';
import { ProblemError, type Clock, type TraceContext } from '@warmbox/platform';
import { ActivityMeter } from '../activity/activity.meter.js';
import { ExecutorOptions } from '../config/executor.options.js';
import { SessionEnvironment } from '../environment/session.environment.js';
import { titleOf } from '../execution/command.plan.js';
import { newExecutionId } from '../execution/execution.id.js';
import { CLOCK } from '../execution/execution.tokens.js';
import { RetainedExecutions } from '../execution/retained.executions.js';
import { PagePool } from '../output/page.pool.js';
import { MarkedProcesses } from '../process/marked.processes.js';
import { cannotStart } from '../process/start.failure.js';
import { LOGIN_SHELL, terminalCommandOf } from './terminal.command.js';
import type { StartTerminalProcess } from './terminal.process.js';
import { START_TERMINAL_PROCESS } from './terminal.tokens.js';
import { Terminal } from './terminal.js';

/** The most terminals that live at a time: each has a mebibyte of output, and is somebody's who looks at it. */
const MOST_TERMINALS = 32;

/** The most viewers of all terminals together: each may have 100 KiB on its way. */
const MOST_VIEWERS = 64;

/** The most ended terminals that are kept: each takes some 40 KiB beside its output. */
const MOST_RETAINED = 64;

/** Bytes of output of all ended terminals together that are kept. */
const MOST_RETAINED_BYTES = 4 * 1_048_576;

/** How long an ended terminal's end may take beyond its kill grace before the answer comes without it, in milliseconds. */
const END_SLACK_MS = 1_500;

/** Every terminal of this sandbox: those that live, and for a while those whose program has ended. */
@Injectable()
export class TerminalRegistry {
  private readonly logger = new Logger('Terminal');
  private readonly running = new Map<string, Terminal>();
  /** Those that are being started. */
  private readonly starting = new Set<string>();
  private readonly retained: RetainedExecutions<Terminal>;
  /** What output is kept in, and sent from. */
  readonly pages = new PagePool();
  private isStopping = false;

  constructor(
    private readonly options: ExecutorOptions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(START_TERMINAL_PROCESS) private readonly startProcess: StartTerminalProcess | undefined,
    private readonly session: SessionEnvironment,
    private readonly meter: ActivityMeter,
    private readonly processes: MarkedProcesses,
  ) {
    this.retained = new RetainedExecutions<Terminal>(
      options.resultRetentionMinutes * 60_000,
      MOST_RETAINED_BYTES,
      clock,
      MOST_RETAINED,
    );
    meter.observe(() => ({ attached: this.viewers, terminals: this.starting.size + this.running.size }));
  }

  /**
   * Starts a program in a terminal.
   *
   * @throws ProblemError cannot_start, shutting_down; conflict while the sandbox is sealed, where the name is taken, and where there
   *   are as many terminals as there may be.
   */
  async start(request: CreateTerminalDto, trace: TraceContext | undefined): Promise<Terminal> {
    const { startProcess } = this;
    if (startProcess === undefined) {
      throw new ProblemError(
        'cannot_start',
        'This executor can make no terminals: they need Linux with glibc, and the addon that calls it (its log says what is missing). Use execute.',
      );
    }
    this.meter.admit();
    const id = request.terminalId ?? newExecutionId();
    this.checkRoom(id);
    this.starting.add(id);
    try {
      return await this.begin(id, request, trace, startProcess);
    } finally {
      this.starting.delete(id);
      this.meter.touch();
    }
  }

  private async begin(
    id: string,
    request: CreateTerminalDto,
    trace: TraceContext | undefined,
    startProcess: StartTerminalProcess,
  ): Promise<Terminal> {
    const { workspace, maxProcesses, killGraceSeconds } = this.options;
    const environment = this.session.current;
    const command = terminalCommandOf(request, { workspace, environment, trace, maxProcesses });
    const { argv = LOGIN_SHELL, cols, rows, disconnectGraceSeconds = TERMINAL_GRACE_DEFAULT_SECONDS } = request;
    const terminal = await Terminal.start(
      { id, command, title: titleOf({ argv }), size: { cols, rows }, graceMs: disconnectGraceSeconds * 1000 },
      {
        startProcess,
        processes: this.processes,
        clock: this.clock,
        pages: this.pages,
        killGraceMs: killGraceSeconds * 1000,
        onEnded: (ended) => this.ended(ended),
        onUnviewed: () => this.unviewed(),
      },
    ).catch(async (error: unknown) => {
      throw await cannotStart(error, command);
    });
    // One that ended at once has been put where it belongs.
    if (terminal.isRunning) this.running.set(id, terminal);
    this.logger.debug({ terminalId: id, pid: terminal.pid }, 'started');
    if (this.isStopping) {
      terminal.stop();
      throw shuttingDown();
    }
    return terminal;
  }

  /** @throws ProblemError terminal_not_found */
  find(id: string): Terminal {
    const terminal = this.running.get(id) ?? this.retained.get(id);
    if (terminal === undefined) {
      throw new ProblemError(
        'terminal_not_found',
        `There is no terminal ${JSON.stringify(id.slice(0, 100))}: it never was, or it has ended and is no longer kept.`,
      );
    }
    return terminal;
  }

  /** All of them, the newest first. */
  list(): Terminal[] {
    return [...this.running.values(), ...this.retained.all()].sort((a, b) => b.startedAt - a.startedAt);
  }

  /**
   * A terminal for one more viewer, who is there from here on or not at all.
   *
   * @throws ProblemError terminal_not_found; conflict while the sandbox is sealed, and where there are as many viewers as there may be
   */
  admitViewer(id: string): Terminal {
    const terminal = this.find(id);
    this.meter.admit();
    if (this.viewers < MOST_VIEWERS) return terminal;
    throw new ProblemError(
      'conflict',
      `The terminals of the sandbox have ${MOST_VIEWERS} viewers, as many as they may have: disconnect one.`,
    );
  }

  /** Ends a terminal, and waits until its program has ended, but not longer than that should take. One that has ended stays as it is. */
  async end(id: string): Promise<Terminal> {
    const terminal = this.find(id);
    terminal.end();
    const limit = new AbortController();
    const mostMs = this.options.killGraceSeconds * 1000 + END_SLACK_MS;
    await Promise.race([terminal.ended, this.clock.sleep(mostMs, limit.signal).catch(() => undefined)]);
    limit.abort();
    return terminal;
  }

  /** The sandbox ends: every viewer is told, every program hung up. What does not end by that does with all that the sandbox ends. */
  stop(): void {
    this.isStopping = true;
    for (const terminal of this.list()) terminal.stop();
  }

  private get viewers(): number {
    return [...this.running.values(), ...this.retained.all()].reduce((sum, { attached }) => sum + attached, 0);
  }

  private checkRoom(id: string): void {
    if (this.isStopping) throw shuttingDown();
    if (this.starting.has(id) || this.running.has(id) || this.retained.get(id) !== undefined) {
      throw new ProblemError(
        'conflict',
        `The terminal ${JSON.stringify(id)} exists already: connect to it, or give another id.`,
      );
    }
    if (this.starting.size + this.running.size < MOST_TERMINALS) return;
    throw new ProblemError('conflict', `The sandbox has ${MOST_TERMINALS} terminals, as many as it may have: end one.`);
  }

  private unviewed(): void {
    this.meter.touch();
    this.retained.trim();
  }

  private ended(terminal: Terminal): void {
    this.meter.touch();
    this.running.delete(terminal.id);
    this.retained.add(terminal);
    this.logger.debug({ terminalId: terminal.id, ...terminal.dto }, 'ended');
  }
}

function shuttingDown(): ProblemError {
  return new ProblemError('shutting_down', 'The sandbox ends, and its terminals with it.');
}
