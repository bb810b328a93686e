import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { isatty, WriteStream } from 'node:tty';
import { loadLibc } from './libc.js';
import { PseudoTerminals, type PseudoTerminal } from './pseudo.terminals.js';

describe('A pseudo-terminal', () => {
  const terminals = new PseudoTerminals(loadLibc());
  let terminal: PseudoTerminal;
  beforeEach(() => {
    terminal = terminals.open();
  });
  afterEach(() => {
    closeSync(terminal.master);
    closeSync(terminal.slave);
  });

  it('has two sides: what is written to one is read from the other', () => {
    const { master, slave } = terminal;
    const buffer = Buffer.alloc(100);
    expect([isatty(master), isatty(slave)]).toEqual([true, true]);
    writeSync(slave, 'printed\n');
    expect(buffer.toString('latin1', 0, readSync(master, buffer))).toBe('printed\r\n');
    writeSync(master, 'typed\r');
    expect(buffer.toString('latin1', 0, readSync(slave, buffer))).toBe('typed\n');
  });

  it('makes nobody wait', () => {
    const buffer = Buffer.alloc(100);
    expect(() => readSync(terminal.master, buffer)).toThrow('EAGAIN');
    expect(() => readSync(terminal.slave, buffer)).toThrow('EAGAIN');
  });

  it('is nobody’s controlling terminal, and gets into no other program', () => {
    for (const descriptor of [terminal.master, terminal.slave]) {
      const [, flags] = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')) ?? [];
      // O_CLOEXEC
      expect(parseInt(flags ?? '', 8) & 0o2000000).not.toBe(0);
    }
    const controlling = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]!.split(' ')[4];
    expect(Number(controlling)).not.toBe(fstatSync(terminal.slave).rdev);
    expect(terminal.path).toMatch(/^\/dev\/pts\/\d+$/);
  });

  it('has the size that it was given', () => {
    expect(() => terminals.resize(terminal.master, { cols: 132, rows: 43 })).not.toThrow();
    const stream = new WriteStream(openSync(terminal.path, constants.O_RDWR | constants.O_NOCTTY));
    expect([stream.columns, stream.rows]).toEqual([132, 43]);
    stream.destroy();
  });

  it('that is none cannot be given a size', () => {
    expect(() => terminals.resize(-1, { cols: 80, rows: 24 })).toThrow('ioctl: EBADF');
  });
});
