import { FakeClock } from '@warmbox/testing';
import { PagePool } from '../output/page.pool.js';
import type { PageWriter } from '../output/page.writer.js';
import type { Exit } from '../process/exit.code.js';
import type { ScreenSize } from '../system/pseudo.terminals.js';
import { FakeViewerSocket } from './fixtures/fake.viewer.socket.js';
import { Terminal } from './terminal.js';
import type { TerminalProcess } from './terminal.process.js';
import { TerminalViewer } from './terminal.viewer.js';

/** A program that does what a test says. */
class FakeProcess implements TerminalProcess {
  readonly pid = 4321;
  readonly exit = Promise.withResolvers<Exit>();
  readonly exited = this.exit.promise;
  typed = '';
  takes = true;
  size: ScreenSize | undefined;
  /** What is left in the terminal when the program ends. */
  tail = '';
  isClosed = false;
  isPaused = false;

  constructor(readonly writer: PageWriter) {}

  print(text: string): void {
    this.writer.write(Buffer.from(text));
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  drain(): void {
    if (this.tail !== '') this.print(this.tail);
  }

  write(bytes: Uint8Array): number {
    if (!this.takes) return 0;
    this.typed += Buffer.from(bytes).toString();
    return bytes.length;
  }

  resize(size: ScreenSize): void {
    this.size = size;
  }

  close(): void {
    this.isClosed = true;
  }
}

describe('A terminal', () => {
  let clock: FakeClock;
  let program: FakeProcess;
  let terminal: Terminal;
  /** What was sent to whom. */
  let signals: string[];
  let ended: number;
  let unviewed: number;

  beforeEach(async () => {
    clock = new FakeClock();
    signals = [];
    ended = 0;
    unviewed = 0;
    terminal = await Terminal.start(
      {
        id: 'main',
        command: { file: '/bin/sh', args: [], cwd: '/', environment: { A: '1' } },
        title: '/bin/sh',
        size: { cols: 80, rows: 24 },
        graceMs: 60_000,
      },
      {
        startProcess: ({ environment }, _size, writer) => {
          expect(environment).toEqual({ A: '1', MARK: 'terminal.main' });
          program = new FakeProcess(writer);
          return Promise.resolve(program);
        },
        processes: { markOf: (id) => ({ MARK: id }), each: () => Promise.resolve() },
        kill: (id, signal) => {
          if (signal === 0) throw Object.assign(new Error('none'), { code: 'ESRCH' });
          signals.push(`${signal} ${id}`);
        },
        clock,
        pages: new PagePool(),
        killGraceMs: 2_000,
        onEnded: () => (ended += 1),
        onUnviewed: () => (unviewed += 1),
      },
    );
  });

  function view(from = 0): { viewer: TerminalViewer; socket: FakeViewerSocket } {
    const socket = new FakeViewerSocket();
    const viewer: TerminalViewer = new TerminalViewer(
      socket,
      terminal.log,
      from,
      new PagePool(),
      () => viewer.advance(),
      clock,
    );
    terminal.attach(viewer);
    return { viewer, socket };
  }
  const settled = (): Promise<void> => clock.advance(0);
  const says = (viewer: TerminalViewer, text: string): void => terminal.receive(viewer, Buffer.from(text), false);

  it('shows the same to all of its viewers, and types what any of them types', async () => {
    const [one, other] = [view(), view()];
    program.print('hello');
    await settled();
    expect([one.socket.output, other.socket.output]).toEqual(['hello', 'hello']);
    says(one.viewer, 'a');
    says(other.viewer, 'b');
    expect(program.typed).toBe('ab');
    expect(terminal.dto).toMatchObject({ id: 'main', pid: 4321, state: 'running', viewers: 2, bytes: 5, keptFrom: 0 });
  });

  it('has the size that a viewer gave it last', () => {
    const { viewer, socket } = view();
    says(viewer, '{"type":"resize","cols":132,"rows":50}');
    expect(program.size).toEqual({ cols: 132, rows: 50 });
    says(viewer, '{"type":"resize","cols":0,"rows":50}');
    expect(terminal.dto).toMatchObject({ cols: 132, rows: 50 });
    expect([program.typed, socket.notices]).toEqual(['', [expect.objectContaining({ type: 'error' })]]);
  });

  it('tells its end after the last byte that was left in it, to who is there and to who comes later', async () => {
    const { socket } = view();
    program.print('first ');
    program.tail = 'last';
    program.exit.resolve({ code: null, signal: 'SIGKILL' });
    await settled();
    const end = { type: 'exit', exitCode: 137, signal: 'SIGKILL' };
    expect([socket.output, socket.notices, socket.closed]).toEqual(['first last', [end], 1000]);
    expect([program.isClosed, ended]).toEqual([true, 1]);
    const late = view(6);
    expect([late.socket.output, late.socket.notices, late.socket.closed]).toEqual(['last', [end], 1000]);
    expect(terminal.dto).toMatchObject({ state: 'completed', exitCode: 137, signal: 'SIGKILL' });
  });

  it('is ended a minute after the last viewer has gone, and not while there is one', async () => {
    await clock.advance(59_000);
    const [one, other] = [view(), view()];
    await clock.advance(120_000);
    terminal.detach(one.viewer);
    await clock.advance(120_000);
    expect([signals, unviewed]).toEqual([[], 0]);
    terminal.detach(other.viewer);
    expect(unviewed).toBe(1);
    await clock.advance(59_999);
    expect(signals).toEqual([]);
    await clock.advance(1);
    expect(signals).toEqual(['SIGHUP -4321', 'SIGCONT -4321']);
  });

  it('is hung up, and killed two seconds later', async () => {
    terminal.end();
    terminal.end();
    expect(signals).toEqual(['SIGHUP -4321', 'SIGCONT -4321']);
    await clock.advance(2_000);
    expect(signals).toEqual(['SIGHUP -4321', 'SIGCONT -4321', 'SIGKILL -4321', 'SIGKILL 4321']);
  });

  it('asks its viewers to wait while the program takes nothing, who come meanwhile too', async () => {
    program.takes = false;
    const one = view();
    says(one.viewer, 'x'.repeat(70_000));
    const other = view();
    expect([one.socket.isPaused, other.socket.isPaused]).toEqual([true, true]);
    program.takes = true;
    program.print('I have read');
    await clock.advance(100);
    expect([one.socket.isPaused, other.socket.isPaused]).toEqual([false, false]);
    expect(program.typed).toHaveLength(70_000);
  });

  it('is read whether anybody looks or not, but not without a pause', async () => {
    for (let count = 0; count < 8; count += 1) program.print('x'.repeat(65_536));
    await settled();
    expect(program.isPaused).toBe(true);
    await clock.advance(50);
    expect([program.isPaused, terminal.dto.bytes]).toEqual([false, 524_288]);
  });

  it('closes its viewers when the sandbox ends', () => {
    const { socket } = view();
    terminal.stop();
    expect([socket.closed, signals]).toEqual([1001, ['SIGHUP -4321', 'SIGCONT -4321']]);
  });
});
