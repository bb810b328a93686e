import type { TerminalNotice } from '@warmbox/contracts';
import type { TerminalDto } from '@warmbox/dto';
import type { Clock, Timer } from '@warmbox/platform';
import { OutputLog } from '../output/output.log.js';
import type { PagePool } from '../output/page.pool.js';
import { PageWriter } from '../output/page.writer.js';
import type { ChildCommand } from '../process/child.js';
import { EscapedProcesses } from '../process/escaped.processes.js';
import { exitCodeOf, type Exit } from '../process/exit.code.js';
import type { MarkedProcesses } from '../process/marked.processes.js';
import { ProcessGroup, type Kill } from '../process/process.group.js';
import type { ScreenSize } from '../system/pseudo.terminals.js';
import { ReadingPace } from './reading.pace.js';
import { TerminalInput } from './terminal.input.js';
import { messageOf } from './terminal.message.js';
import type { StartTerminalProcess, TerminalProcess } from './terminal.process.js';
import type { TerminalViewer } from './terminal.viewer.js';

/** Bytes of the newest output that are kept: some ten thousand lines, and of every screen many times what it shows. */
export const TERMINAL_RING_BYTES = 1_048_576;

/** The most that is read of a terminal after its program has ended: more than the system holds of one. */
const TAIL_BYTES = 262_144;

/** What is asked for. */
export interface TerminalRequest {
  id: string;
  command: ChildCommand;
  /** The command as it is shown. */
  title: string;
  size: ScreenSize;
  /** Milliseconds for which it lives without a viewer. */
  graceMs: number;
}

/** What a terminal lives on. */
export interface TerminalMeans {
  startProcess: StartTerminalProcess;
  processes: Pick<MarkedProcesses, 'markOf' | 'each'>;
  /** How signals are sent; the system's call unless told. */
  kill?: Kill;
  clock: Clock;
  pages: PagePool;
  /** Milliseconds between SIGHUP and SIGKILL. */
  killGraceMs: number;
  /** Called once, when its program has ended. */
  onEnded: (terminal: Terminal) => void;
  /** Called when the last viewer has gone. */
  onUnviewed: () => void;
}

/**
 * A program in a terminal, its newest output, and those who look at it. It is read whether anybody looks or not, so that the program
 * never waits for a viewer; and it lives on for a while when nobody does.
 */
export class Terminal {
  readonly id: string;
  readonly log: OutputLog;
  /** In milliseconds since the epoch. */
  readonly startedAt: number;
  private readonly group: ProcessGroup;
  private readonly escaped: EscapedProcesses;
  private readonly input: TerminalInput;
  private readonly pace: ReadingPace;
  private readonly viewers = new Set<TerminalViewer>();
  private readonly completion = Promise.withResolvers<undefined>();
  private size: ScreenSize;
  private grace: Timer | undefined;
  private isEnding = false;
  private isTelling = false;
  private result: { endedAt: number; notice: TerminalNotice & { type: 'exit' } } | undefined;

  /** @throws what the system says where the program cannot be started */
  static async start(request: TerminalRequest, means: TerminalMeans): Promise<Terminal> {
    const { clock, pages, processes, startProcess } = means;
    const log = new OutputLog(TERMINAL_RING_BYTES, pages);
    const link: { terminal?: Terminal } = {};
    const writer = new PageWriter('Stdout', log, pages, clock, () => link.terminal?.outputRead());
    const { command, id, size } = request;
    const environment = { ...command.environment, ...processes.markOf(markNameOf(id)) };
    const child = await startProcess({ ...command, environment }, size, writer);
    link.terminal = new Terminal(request, means, log, child, writer);
    return link.terminal;
  }

  private constructor(
    private readonly request: TerminalRequest,
    private readonly means: TerminalMeans,
    log: OutputLog,
    private readonly child: TerminalProcess,
    private readonly writer: PageWriter,
  ) {
    const { clock, kill, killGraceMs, processes } = means;
    this.id = request.id;
    this.log = log;
    this.size = request.size;
    this.startedAt = clock.now();
    this.group = new ProcessGroup(child.pid, killGraceMs, clock, kill);
    this.escaped = new EscapedProcesses({
      each: (visit) => processes.each(markNameOf(request.id), visit),
      isReached: (group) => group === child.pid,
      clock,
      kill,
    });
    this.input = new TerminalInput(
      (bytes) => child.write(bytes),
      (isFull) => this.hold(isFull),
      clock,
    );
    this.pace = new ReadingPace(child, () => this.isFollowed, clock);
    this.await();
    void child.exited.then((exit) => this.exited(exit));
  }

  get pid(): number {
    return this.child.pid;
  }

  get isRunning(): boolean {
    return this.result === undefined;
  }

  /** How many look at it. */
  get attached(): number {
    return this.viewers.size;
  }

  get isRead(): boolean {
    return this.viewers.size > 0;
  }

  /** Resolves when its program has ended. */
  get ended(): Promise<void> {
    return this.completion.promise;
  }

  /** It as a client sees it. */
  get dto(): TerminalDto {
    const { result, log, size, viewers } = this;
    return {
      id: this.id,
      pid: this.pid,
      command: this.request.title,
      state: result === undefined ? 'running' : 'completed',
      ...size,
      viewers: viewers.size,
      bytes: log.end,
      keptFrom: log.start,
      startedAt: new Date(this.startedAt).toISOString(),
      endedAt: result === undefined ? undefined : new Date(result.endedAt).toISOString(),
      exitCode: result?.notice.exitCode,
      signal: result?.notice.signal,
    };
  }

  /** A viewer comes. */
  attach(viewer: TerminalViewer): void {
    this.grace?.cancel();
    this.viewers.add(viewer);
    if (this.input.full) viewer.hold(true);
    if (this.result === undefined) viewer.advance();
    else viewer.finish(this.result.notice);
  }

  /** A viewer's connection is over. */
  detach(viewer: TerminalViewer): void {
    viewer.gone();
    if (!this.viewers.delete(viewer) || this.isRead) return;
    if (this.result === undefined) this.await();
    this.means.onUnviewed();
  }

  /** A viewer's frame. */
  receive(viewer: TerminalViewer, data: Buffer, isBinary: boolean): void {
    viewer.lives();
    if (this.result !== undefined) return;
    const message = messageOf(data, isBinary);
    if (message.type === 'input') {
      this.input.push(message.bytes);
    } else if (message.type === 'resize') {
      this.size = message.size;
      this.child.resize(message.size);
    } else {
      viewer.refuse(message.detail);
    }
  }

  /**
   * Ends the program and every process that it has started, also those that have left it: SIGHUP, as for a window that is closed,
   * then SIGKILL.
   */
  end(): void {
    if (this.isEnding || this.result !== undefined) return;
    this.isEnding = true;
    this.grace?.cancel();
    this.group.terminate('SIGHUP');
    void this.escaped.end(this.means.killGraceMs, 'SIGHUP');
  }

  /** The sandbox ends: everybody is told, and what runs in sessions of its own is looked for by who ends all. */
  stop(): void {
    for (const viewer of this.viewers) viewer.leave();
    if (this.result !== undefined || this.isEnding) return;
    this.isEnding = true;
    this.grace?.cancel();
    this.group.terminate('SIGHUP');
  }

  private get isFollowed(): boolean {
    return [...this.viewers].some((viewer) => viewer.isFollowing);
  }

  /** Nobody looks at it: somebody may come for a while. */
  private await(): void {
    this.grace = this.means.clock.after(this.request.graceMs, () => this.end());
  }

  private hold(isFull: boolean): void {
    for (const viewer of this.viewers) viewer.hold(isFull);
  }

  private outputRead(): void {
    this.input.retry();
    // What comes in one turn of the event loop goes out together.
    if (this.isTelling) return;
    this.isTelling = true;
    setImmediate(() => {
      this.isTelling = false;
      this.pace.reached(this.log.end);
      for (const viewer of this.viewers) viewer.advance();
    });
  }

  private exited(exit: Exit): void {
    this.group.leaderReaped();
    this.pace.close();
    this.grace?.cancel();
    this.child.drain(TAIL_BYTES);
    this.child.close();
    this.writer.close();
    this.input.close();
    this.result = {
      endedAt: this.means.clock.now(),
      notice: {
        type: 'exit',
        exitCode: exitCodeOf(exit, false),
        ...(exit.signal === null ? {} : { signal: exit.signal }),
      },
    };
    this.log.compact();
    for (const viewer of this.viewers) viewer.finish(this.result.notice);
    this.means.onEnded(this);
    this.completion.resolve(undefined);
  }
}

/** How its processes are marked: as no execution's are, whose ids have no dot. */
function markNameOf(id: string): string {
  return `terminal.${id}`;
}
