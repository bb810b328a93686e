import { ORIGINAL_EVENTS, type EventSelection, type ExecutionEventName, type OutputEncoding } from '@warmbox/contracts';
import type { ExecutionEvents, ExpiringEventDto } from '@warmbox/dto';
import { jsonLine, KEEP_ALIVE_MS, type Clock, type ProblemError, type StreamForm, type Timer } from '@warmbox/platform';
import type { Slice } from '../output/output.log.js';
import { PAGE_BYTES } from '../output/page.pool.js';
import { completedId, outputId, STARTED_ID, type StartingPoint } from './event.id.js';
import type { Execution } from './execution.js';
import { OutputPieces } from './output.pieces.js';
import type { Reader } from './reader.js';
import type { TextSink } from './response.sink.js';

/** How a client wants the events. */
export interface EventsForm extends StreamForm {
  encoding: OutputEncoding;
  events: EventSelection;
}

/**
 * Output that comes sooner than this after the last event, in milliseconds, waits until then or until there is a page of it:
 * the first byte goes out at once, and a program that writes line by line does not cost an event a line.
 */
const GATHER_MS = 2;

/**
 * How long the head of the answer waits for the first event to go out together with it, in milliseconds: a short command is
 * answered in one piece, which spares everybody on the way a turn.
 */
const HEAD_MS = 5;

/** What it needs of the execution that it is a stream of. */
type ReadExecution = Pick<
  Execution,
  'attach' | 'detach' | 'id' | 'log' | 'pid' | 'progressed' | 'result' | 'startedAt'
>;

/** Sends the events of an execution to one client, as fast as it takes them. */
export class ExecutionStream implements Reader {
  readonly startedAt: number;
  position: number;
  blockedSince: number | undefined;
  private isOver = false;
  private hasBegun = false;
  private notice: ExpiringEventDto | undefined;
  private wroteAt = -Infinity;
  private gathering: Timer | undefined;
  private head: Timer | undefined;
  private keepAlive: Timer | undefined;
  private readonly pieces: OutputPieces;

  constructor(
    private readonly execution: ReadExecution,
    private readonly sink: TextSink,
    private readonly from: StartingPoint,
    private readonly form: EventsForm,
    private readonly clock: Clock,
  ) {
    this.startedAt = this.position = from.offset;
    this.pieces = new OutputPieces(form.encoding);
  }

  /** Begins to send. */
  open(): void {
    this.sink.onDrain(() => this.drained());
    this.execution.attach(this, this.from.resumes);
    this.sink.onClose(() => this.close());
    if (this.isOver) return;
    this.head = this.clock.after(HEAD_MS, () => this.sink.flush());
    this.keepAliveAfter(KEEP_ALIVE_MS);
  }

  advance(): void {
    if (this.isOver || this.blockedSince !== undefined) return;
    if (!this.hasBegun) this.begin();
    this.sendNotice();
    const { log } = this.execution;
    while (this.canWrite() && this.position < log.end) {
      if (this.isToGather()) return;
      if (this.position < log.start) this.sendGap(log.start - this.position);
      else this.sendOutput(log.read(this.position));
    }
    const { result } = this.execution;
    if (result !== undefined && this.position === log.end && this.canWrite()) {
      this.finish(this.text('CompletedEvent', result, completedId(log.end)));
    }
  }

  expire(notice: ExpiringEventDto): void {
    if (this.isOver) return;
    // Who does not take what there is gets it afterwards.
    if (this.canWrite() && this.hasBegun) this.send('ExpiringEvent', notice);
    else this.notice = notice;
  }

  fail({ code, detail }: ProblemError): void {
    if (this.isOver) return;
    this.finish(this.text('ErrorEvent', { code, detail }));
  }

  private canWrite(): boolean {
    return !this.isOver && this.blockedSince === undefined;
  }

  private begin(): void {
    this.hasBegun = true;
    const { id, pid, startedAt } = this.execution;
    if (!this.from.wantsStarted) return;
    this.send('StartedEvent', { executionId: id, pid, startedAt: new Date(startedAt).toISOString() }, STARTED_ID);
    // The first output is not to wait because of this.
    this.wroteAt = -Infinity;
  }

  /** Whether the output at hand is to wait for more; if so, the timer for its end runs. */
  private isToGather(): boolean {
    const { log, result } = this.execution;
    if (result !== undefined || log.end - this.position >= PAGE_BYTES) return false;
    const waitMs = this.wroteAt + GATHER_MS - this.clock.monotonic();
    if (waitMs <= 0) return false;
    this.gathering ??= this.clock.after(Math.ceil(waitMs), () => {
      this.gathering = undefined;
      this.advance();
      this.execution.progressed();
    });
    return true;
  }

  private sendNotice(): void {
    if (this.notice === undefined || !this.canWrite()) return;
    this.send('ExpiringEvent', this.notice);
    this.notice = undefined;
  }

  private sendGap(bytes: number): void {
    this.position += bytes;
    this.send('GapEvent', { pid: this.execution.pid, bytes }, outputId(this.position));
  }

  /** A slice in as many events as it takes, and in one piece. */
  private sendOutput(slice: Slice | undefined): void {
    if (slice === undefined) return;
    const { stream, bytes } = slice;
    // Put together by hand: this is where all the bytes go through.
    const head = `{"pid":${this.execution.pid},"stream":"${stream}","data":`;
    const tail = this.form.encoding === 'base64' ? ',"encoding":"base64"}' : '}';
    let text = '';
    let isAscii = true;
    for (let sent = 0; sent < bytes.length;) {
      const piece = this.pieces.next(sent === 0 ? bytes : bytes.subarray(sent));
      sent += piece.count;
      isAscii &&= piece.isAscii;
      const id = outputId(this.position + sent);
      text += this.form.format({ event: 'OutputEvent', id, data: `${head}${piece.json}${tail}` });
    }
    this.position += bytes.length;
    this.write(text, isAscii ? 'latin1' : 'utf8');
  }

  private send<Name extends ExecutionEventName>(event: Name, data: ExecutionEvents[Name], id?: string): void {
    if (this.form.events === 'original' && !ORIGINAL_EVENTS.includes(event)) return;
    this.write(this.text(event, data, id), 'utf8');
  }

  private text<Name extends ExecutionEventName>(event: Name, data: ExecutionEvents[Name], id?: string): string {
    return this.form.format({ event, id, data: jsonLine(data) });
  }

  private write(text: string, encoding: 'utf8' | 'latin1'): void {
    this.wroteAt = this.clock.monotonic();
    if (!this.sink.write(text, encoding)) this.blockedSince = this.wroteAt;
  }

  private drained(): void {
    if (this.isOver) return;
    this.blockedSince = undefined;
    this.advance();
    this.execution.progressed();
  }

  private keepAliveAfter(ms: number): void {
    this.keepAlive = this.clock.after(ms, () => {
      const quietMs = this.clock.monotonic() - this.wroteAt;
      if (quietMs >= KEEP_ALIVE_MS && this.canWrite()) this.write(this.form.keepAlive, 'latin1');
      this.keepAliveAfter(quietMs >= KEEP_ALIVE_MS ? KEEP_ALIVE_MS : KEEP_ALIVE_MS - quietMs);
    });
  }

  private finish(lastText: string): void {
    this.close();
    this.sink.end(lastText);
  }

  private close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.gathering?.cancel();
    this.head?.cancel();
    this.keepAlive?.cancel();
    this.execution.detach(this);
  }
}
