import { FakeClock } from '@warmbox/testing';
import { OutputLog } from '../output/output.log.js';
import { PagePool, type Page } from '../output/page.pool.js';
import { PageWriter } from '../output/page.writer.js';
import { FakeViewerSocket } from './fixtures/fake.viewer.socket.js';
import { TerminalViewer } from './terminal.viewer.js';

const KI = 1024;

describe('A viewer of a terminal', () => {
  let clock: FakeClock;
  let log: OutputLog;
  let pages: PagePool;
  let writer: PageWriter;
  let socket: FakeViewerSocket;
  beforeEach(() => {
    clock = new FakeClock();
    pages = new PagePool();
    log = new OutputLog(256 * KI, pages);
    writer = new PageWriter('Stdout', log, pages, clock, () => undefined);
    socket = new FakeViewerSocket();
  });

  function view(from = 0): TerminalViewer {
    const viewer: TerminalViewer = new TerminalViewer(socket, log, from, pages, () => viewer.advance(), clock);
    viewer.advance();
    return viewer;
  }
  const print = (text: string): void => writer.write(Buffer.from(text));

  it('gets what there is from its offset on, and what comes', () => {
    print('0123456789');
    const viewer = view(4);
    print('ab');
    viewer.advance();
    expect([socket.output, socket.notices]).toEqual(['456789ab', []]);
  });

  it('is told how much has been evicted before it came', () => {
    print('x'.repeat(600 * KI));
    const { start } = log;
    view(1);
    expect(start).toBeGreaterThan(0);
    expect(socket.notices).toEqual([{ type: 'gap', bytes: start - 1 }]);
    expect(1 + (start - 1) + socket.output.length).toBe(log.end);
  });

  it('that takes nothing holds less than 100 KiB, and goes on behind a gap that it is told when it wakes', () => {
    socket.takes = false;
    const viewer = view();
    for (let count = 0; count < 100; count += 1) {
      print(`${count}`.padEnd(100 * KI, '.'));
      viewer.advance();
    }
    expect(socket.bufferedAmount).toBeLessThan(100 * KI);
    expect(viewer.isFollowing).toBe(false);
    socket.wake();
    const [gap] = socket.notices as { bytes: number }[];
    expect(socket.notices).toHaveLength(1);
    expect(gap!.bytes + socket.output.length).toBe(log.end);
    expect(socket.output).toMatch(/99\.+$/);
    expect(viewer.isFollowing).toBe(true);
  });

  it('gives back the memory of what it has taken, and what it is sent is written over by nothing meanwhile', () => {
    const taken: Page[] = [];
    const counting = {
      take: () => {
        taken.push(pages.take());
        return taken.at(-1)!;
      },
      release: (page: Page) => {
        taken.splice(taken.indexOf(page), 1);
        pages.release(page);
      },
    };
    socket.takes = false;
    print('x'.repeat(50 * KI));
    const viewer: TerminalViewer = new TerminalViewer(socket, log, 0, counting, () => viewer.advance(), clock);
    viewer.advance();
    expect(taken.length).toBeGreaterThan(0);
    print('y'.repeat(600 * KI));
    socket.wake();
    expect(socket.output).toMatch(/^x{51200}y+$/);
    expect(taken).toEqual([]);
  });

  it('is told the end after the last byte, once it has taken that', () => {
    socket.takes = false;
    print('x'.repeat(200 * KI));
    const viewer = view();
    viewer.finish({ type: 'exit', exitCode: 3 });
    expect([socket.notices, socket.closed]).toEqual([[], undefined]);
    socket.wake();
    expect(socket.output).toHaveLength(200 * KI);
    expect([socket.notices, socket.closed]).toEqual([[{ type: 'exit', exitCode: 3 }], 1000]);
  });

  it('is told at once that the sandbox ends, also where it is held', () => {
    const viewer = view();
    viewer.hold(true);
    viewer.leave();
    expect([socket.closed, socket.isPaused]).toEqual([1001, false]);
    viewer.finish({ type: 'exit', exitCode: 0 });
    expect(socket.notices).toEqual([]);
  });

  it('is told what is wrong with its frame, unless it reads nothing of that', () => {
    const viewer = view();
    viewer.refuse('no');
    expect(socket.notices).toEqual([{ type: 'error', detail: 'no' }]);
    socket.takes = false;
    print('x'.repeat(100 * KI));
    viewer.advance();
    for (let count = 0; count < 1000; count += 1) viewer.refuse('no');
    expect(socket.bufferedAmount).toBeLessThan(100 * KI);
  });

  it('is asked whether it is there every 14 s, and given up after 3 minutes without a sign of it', async () => {
    const viewer = view();
    await clock.advance(60_000);
    expect([socket.pings, socket.isTerminated]).toEqual([4, false]);
    viewer.lives();
    await clock.advance(178_000);
    expect(socket.isTerminated).toBe(false);
    await clock.advance(20_000);
    expect(socket.isTerminated).toBe(true);
    viewer.gone();
    expect(clock.waiting).toBe(0);
  });

  it('is not given up for its silence while nothing of it is read', async () => {
    const viewer = view();
    viewer.hold(true);
    await clock.advance(600_000);
    expect([socket.pings > 40, socket.isTerminated]).toEqual([true, false]);
    viewer.hold(false);
    await clock.advance(178_000);
    expect(socket.isTerminated).toBe(false);
    await clock.advance(20_000);
    expect(socket.isTerminated).toBe(true);
    viewer.gone();
  });

  it('that takes output is there', async () => {
    const viewer = view();
    for (let seconds = 0; seconds < 600; seconds += 10) {
      await clock.advance(10_000);
      print('.');
      viewer.advance();
    }
    expect(socket.isTerminated).toBe(false);
    viewer.gone();
  });
});
