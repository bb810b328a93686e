import type { SignalName } from '@warmbox/contracts';
import type { CompletedEventDto, ExecutionDto, ExpiringEventDto } from '@warmbox/dto';
import { ProblemError } from '@warmbox/platform';
import type { Readable } from 'node:stream';
import { OutputLog, type OutputStream } from '../output/output.log.js';
import { PageWriter } from '../output/page.writer.js';
import type { Child } from '../process/child.js';
import { EscapedProcesses } from '../process/escaped.processes.js';
import { exitCodeOf, type Exit } from '../process/exit.code.js';
import { ProcessGroup } from '../process/process.group.js';
import { pausesChild } from './back.pressure.js';
import { CommandInput, type TakenInput } from './command.input.js';
import type { Course, EndCause, ExecutionMeans, ExecutionRequest } from './execution.means.js';
import { executionView, isOver } from './execution.view.js';
import { Grace } from './grace.js';
import { OutputDrain } from './output.drain.js';
import { PrimaryReader } from './primary.reader.js';
import type { Reader } from './reader.js';

const NO_INPUT = 'it takes no more input';

/** One command that runs or ran: its process, its output, and those who read it. */
export class Execution {
  readonly id: string;
  readonly log: OutputLog;
  /** In milliseconds since the epoch. */
  readonly startedAt: number;
  readonly group: ProcessGroup;
  /** How it ended; undefined while it runs. */
  result: CompletedEventDto | undefined;
  /** When it ended, in milliseconds since the epoch. */
  endedAt: number | undefined;

  readonly pid: number;
  private readonly begunAt: number;
  private readonly readers = new Set<Reader>();
  private readonly primary: PrimaryReader;
  private readonly grace: Grace | undefined;
  private readonly title: string;
  /** What only a command that runs needs: whatever has ended is kept for minutes, and a thousand of them are. */
  private course: Course | undefined;
  private readonly completion = Promise.withResolvers<undefined>();
  private cause: EndCause | undefined;
  private drain: OutputDrain | undefined;
  private arePipesClosed = false;
  private isPaused = false;

  /**
   * Starts a command.
   *
   * @throws ProblemError cannot_start.
   */
  static async start(request: ExecutionRequest, means: ExecutionMeans): Promise<Execution> {
    const log = new OutputLog(means.ringBytes, means.pages);
    const link: { execution?: Execution } = {};
    const writer = (stream: OutputStream): PageWriter =>
      new PageWriter(stream, log, means.pages, means.clock, () => link.execution?.outputRead());
    const writers = { stdout: writer('Stdout'), stderr: writer('Stderr') };
    const { command, id } = request;
    Object.assign(command.environment, means.processes.markOf(id));
    const child = await means.startChild(command, writers);
    link.execution = new Execution(request, means, log, child, Object.values(writers));
    return link.execution;
  }

  private constructor(
    request: ExecutionRequest,
    private readonly means: ExecutionMeans,
    log: OutputLog,
    child: Child,
    writers: readonly PageWriter[],
  ) {
    const { clock, kill, killGraceMs } = means;
    this.id = request.id;
    this.title = request.title;
    this.log = log;
    this.pid = child.pid;
    this.startedAt = clock.now();
    this.begunAt = clock.monotonic();
    this.group = new ProcessGroup(child.pid, killGraceMs, clock, kill);
    this.primary = new PrimaryReader(clock, () => this.regulate());
    // A detached one has no primary reader: it waits for nobody.
    if (request.grace === undefined) this.primary.lapse();
    else this.grace = new Grace(request.grace, clock, () => this.graceOver());
    const timeout = clock.after(request.timeoutMs, () => this.end('timeout'));
    const input = child.stdin && new CommandInput(this.id, child.stdin, clock);
    this.course = { child, writers, timeout, input };
    void child.exited.then((exit) => this.exited(exit));
    void child.closed.then(() => this.pipesClosed());
  }

  /** Whether anybody is connected to it. */
  get isRead(): boolean {
    return this.readers.size > 0;
  }

  /** How many are connected to it. */
  get attached(): number {
    return this.readers.size;
  }

  /** Resolves when it has completed. */
  get completed(): Promise<void> {
    return this.completion.promise;
  }

  /** It as a client sees it. */
  get dto(): ExecutionDto {
    return executionView(this, this.title);
  }

  /** A reader comes; it is told at once what there is. `resumes`: it says what it has already seen. */
  attach(reader: Reader, resumes: boolean): void {
    this.readers.add(reader);
    if (this.grace !== undefined) {
      this.grace.cancel();
      this.primary.attach(reader, resumes);
    }
    reader.advance();
    this.regulate();
  }

  /** A reader's connection has ended, or it has all it came for. */
  detach(reader: Reader): void {
    if (!this.readers.delete(reader)) return;
    const isAbsent = this.primary.detach(reader);
    if (this.result === undefined) {
      const counts = isAbsent || !this.isRead;
      if (reader.asksAgain !== true) this.grace?.readerGone(counts);
      else if (counts) this.grace?.readerExpected();
    }
    this.regulate();
    if (!this.isRead) this.means.onUnread(this);
  }

  /** The manager's notice that the client of a stream has disconnected. */
  clientDisconnected(): void {
    if (this.result === undefined) this.grace?.clientDisconnected(this.readers.size);
  }

  /** A reader has taken output by itself, not when it was told to. */
  progressed(): void {
    this.regulate();
  }

  /**
   * Ends the command with every process that it has started, also those that have left its group: SIGTERM, then SIGKILL. Only
   * the command itself is waited for. Where it is already over, only the wait for what it left in the background ends.
   */
  end(cause: EndCause): void {
    if (this.result !== undefined) return;
    if (this.drain !== undefined) {
      this.drain.finish();
      return;
    }
    if (this.cause !== undefined) return;
    this.cause = cause;
    this.group.terminate();
    // When the sandbox ends all executions' processes are looked for at once.
    if (cause !== 'shutdown') void this.endEscaped();
  }

  private async endEscaped(): Promise<void> {
    const { processes, clock, kill, killGraceMs } = this.means;
    const escaped = new EscapedProcesses({
      each: (visit) => processes.each(this.id, visit),
      isReached: (group) => group === this.pid,
      clock,
      kill,
    });
    await escaped.end(killGraceMs);
  }

  /**
   * Sends a signal to every process of its group.
   *
   * @throws ProblemError conflict where nobody is left who is its own.
   */
  signal(name: SignalName): void {
    if (this.result !== undefined || !this.group.signal(name)) throw isOver(this.id, 'no signal reaches it');
  }

  /**
   * Writes a body to its standard input, as CommandInput does.
   *
   * @throws ProblemError conflict also where that was not kept open, or nobody is left to read it
   */
  async write(body: Readable | undefined, endsInput: boolean): Promise<TakenInput> {
    if (this.course === undefined) throw isOver(this.id, NO_INPUT);
    const { input } = this.course;
    if (input !== undefined) return input.take(body, endsInput);
    const detail = `Standard input of execution ${JSON.stringify(this.id)} has ended: it was started without keepStdinOpen.`;
    throw new ProblemError('conflict', detail);
  }

  /** Tells every reader that the sandbox ends soon. */
  expire(notice: ExpiringEventDto): void {
    for (const reader of this.readers) reader.expire(notice);
  }

  /** Tells every reader that there will be no result. */
  fail(problem: ProblemError): void {
    for (const reader of this.readers) reader.fail(problem);
    this.course?.input?.fail(problem);
  }

  private outputRead(): void {
    this.drain?.outputRead();
    this.tellReaders();
    this.regulate();
  }

  private tellReaders(): void {
    for (const reader of this.readers) reader.advance();
  }

  private graceOver(): void {
    this.primary.lapse();
    if (!this.isRead) this.end('abandoned');
    this.regulate();
  }

  private pipesClosed(): void {
    this.arePipesClosed = true;
    this.drain?.finish();
  }

  private exited(exit: Exit): void {
    this.group.leaderReaped();
    // What is ended on purpose is not kept waiting for somebody who may come back.
    if (this.cause !== undefined) this.primary.lapse();
    this.drain = new OutputDrain(this.means.clock, () => this.complete(exit));
    this.regulate();
    if (this.arePipesClosed) this.drain.finish();
    else if (!this.isPaused) this.drain.run();
  }

  private complete(exit: Exit): void {
    const { clock, onCompleted } = this.means;
    // What is still in the background writes on and is not heard: a closed pipe would kill it with SIGPIPE.
    for (const writer of this.course?.writers ?? []) writer.drop();
    const timedOut = this.cause === 'timeout';
    this.endedAt = clock.now();
    this.result = {
      pid: this.pid,
      exitCode: exitCodeOf(exit, timedOut),
      timedOut,
      ...(exit.signal === null ? {} : { signal: exit.signal }),
      ...(this.cause === 'cancel' || this.cause === 'abandoned' ? { cancelled: true } : {}),
      durationMs: Math.round(clock.monotonic() - this.begunAt),
      bytes: this.log.end,
    };
    this.course?.timeout.cancel();
    this.grace?.cancel();
    this.primary.close();
    this.course?.input?.close(isOver(this.id, NO_INPUT));
    this.log.compact();
    this.regulate();
    this.course = this.drain = undefined;
    this.tellReaders();
    onCompleted(this);
    this.completion.resolve(undefined);
  }

  /** Lets the child's output come, or wait in its pipes, as the primary reader can take it. */
  private regulate(): void {
    const isPaused =
      this.result === undefined &&
      pausesChild({
        primary: this.primary.state,
        end: this.log.end,
        capacity: this.log.capacity,
        isDraining: this.drain !== undefined,
      });
    if (isPaused) this.primary.whilePaused();
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    if (isPaused) {
      this.course?.child.pause();
      this.drain?.pause();
    } else {
      this.course?.child.resume();
      this.drain?.run();
    }
  }
}
