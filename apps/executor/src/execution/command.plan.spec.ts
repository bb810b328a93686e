import { commandOf, titleOf } from './command.plan.js';

const surroundings = { workspace: '/workspace', environment: {} };

describe('commandOf', () => {
  it('runs a command line by bash, in the workspace', () => {
    expect(commandOf({ command: 'a | b' }, surroundings)).toMatchObject({
      file: '/bin/bash',
      args: ['-c', 'a | b'],
      cwd: '/workspace',
    });
  });

  it.each([
    ['sub/folder', '/workspace/sub/folder'],
    ['/etc', '/etc'],
    ['../etc', '/etc'],
  ])('takes the working directory %s as %s', (cwd, absolute) => {
    expect(commandOf({ argv: ['ls', '-l'], cwd }, surroundings)).toMatchObject({
      file: 'ls',
      args: ['-l'],
      cwd: absolute,
    });
  });

  it('has bash lower the number of processes, and a program that is run without a shell not', () => {
    const limited = { ...surroundings, maxProcesses: 100 };
    const { environment, args } = commandOf({ command: 'a' }, limited);
    expect(args).toEqual(['-c', 'a']);
    expect(environment).toMatchObject({
      WARMBOX_MAX_PROCESSES: '100',
      BASH_ENV: expect.stringMatching(/command\.limits\.sh$/) as string,
    });
    for (const { environment: own } of [
      commandOf({ argv: ['a'] }, limited),
      commandOf({ command: 'a' }, surroundings),
      commandOf({ command: 'a', environmentVariables: { BASH_ENV: '' } }, limited),
    ]) {
      expect(own).not.toHaveProperty('WARMBOX_MAX_PROCESSES');
    }
  });

  it('refuses a request that does not name one program', () => {
    for (const request of [{}, { command: 'x', argv: ['x'] }, { argv: [''] }]) {
      expect(() => commandOf(request, surroundings)).toThrow(
        expect.objectContaining({ code: 'invalid_request' }) as Error,
      );
    }
  });
});

describe('titleOf', () => {
  it('is the command as it was asked for, arguments so that a shell would understand them', () => {
    expect(titleOf({ command: 'echo "a"' })).toBe('echo "a"');
    expect(titleOf({ argv: ['echo', 'a b', '', "it's", '/x-y_z.1'] })).toBe(
      String.raw`echo 'a b' '' 'it'\''s' /x-y_z.1`,
    );
  });

  it('is bounded', () => {
    const title = titleOf({ command: 'x'.repeat(100_000) });
    expect(title).toHaveLength(4096);
    expect(title.endsWith('x…')).toBe(true);
  });
});
