import { terminalCommandOf } from './terminal.command.js';

describe('The program of a terminal', () => {
  const surroundings = { workspace: '/w', environment: { HOME: '/w', TERM: 'dumb' } };

  it('is a login shell in the workspace, unless told', () => {
    expect(terminalCommandOf({ cols: 80, rows: 24 }, surroundings)).toEqual({
      file: '/bin/bash',
      args: ['-l'],
      cwd: '/w',
      environment: { HOME: '/w', TERM: 'xterm-256color', PWD: '/w' },
    });
  });

  it('is what was asked for, with its variables above all others', () => {
    const dto = { cols: 1, rows: 1, argv: ['vim', 'a b'], cwd: 'x', environmentVariables: { TERM: 'vt100', A: '1' } };
    expect(terminalCommandOf(dto, { ...surroundings, maxProcesses: 100 })).toEqual({
      file: 'vim',
      args: ['a b'],
      cwd: '/w/x',
      environment: { HOME: '/w', TERM: 'vt100', PWD: '/w/x', A: '1' },
    });
  });

  it('is a shell with the limit of processes that commands have', () => {
    const { file, args, environment } = terminalCommandOf({ cols: 1, rows: 1 }, { ...surroundings, maxProcesses: 100 });
    expect([file, args]).toEqual(['/bin/bash', ['-c', 'exec /bin/bash -l']]);
    expect(environment).toMatchObject({ WARMBOX_MAX_PROCESSES: '100' });
  });
});
