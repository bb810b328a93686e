import { OptionsError } from '@warmbox/platform/options';
import { executorOptions } from './executor.options.js';

describe('executorOptions', () => {
  const violations = (environment: Record<string, string>): string[] => {
    try {
      executorOptions(environment);
      return [];
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error;
      return [...new Set(error.violations.map(({ key }) => key))];
    }
  };

  it('has defaults for everything but the token', () => {
    expect(executorOptions({ EXECUTOR_TOKEN: 't' })).toEqual({
      token: 't',
      auth: 'token',
      port: 8666,
      host: '0.0.0.0',
      socket: undefined,
      socketFd: undefined,
      workspace: '/workspace',
      fileRoots: [],
      environment: {},
      environmentAwaited: false,
      outputRingMi: 4,
      resultRetentionMinutes: 10,
      disconnectGraceSeconds: 5,
      relayLossGraceSeconds: 60,
      killGraceSeconds: 2,
      maxProcesses: undefined,
      openFiles: undefined,
      nativeCalls: true,
      logLevel: 'info',
    });
  });

  it('takes its variables, the environment of commands as JSON', () => {
    const options = executorOptions({
      EXECUTOR_AUTH: 'none',
      EXECUTOR_OUTPUT_RING_MI: '64',
      EXECUTOR_ENVIRONMENT: '{"A":"b"}',
      EXECUTOR_SOCKET: '/run/x.sock',
    });
    expect(options).toMatchObject({ auth: 'none', outputRingMi: 64, environment: { A: 'b' }, socket: '/run/x.sock' });
    expect(Object.isFrozen(options)).toBe(true);
  });

  it('needs a token unless it is told to do without', () => {
    expect(violations({})).toEqual(['token']);
    expect(violations({ EXECUTOR_TOKEN: '' })).toEqual(['token']);
    expect(violations({ EXECUTOR_TOKEN: 'with space' })).toEqual(['token']);
    expect(violations({ EXECUTOR_AUTH: 'none' })).toEqual([]);
  });

  it('takes further folders of files, as a list of absolute paths', () => {
    const fileRoots = (text: string): string[] => violations({ EXECUTOR_TOKEN: 't', EXECUTOR_FILE_ROOTS: text });
    expect(executorOptions({ EXECUTOR_TOKEN: 't', EXECUTOR_FILE_ROOTS: '["/data"]' }).fileRoots).toEqual(['/data']);
    for (const wrong of ['/data', '["data"]', '[1]', '{}']) expect(fileRoots(wrong)).toContain('fileRoots');
  });

  it('takes a path or a descriptor to listen on, not both', () => {
    const variables = { EXECUTOR_TOKEN: 't', EXECUTOR_SOCKET_FD: '3' };
    expect(executorOptions(variables)).toMatchObject({ socketFd: 3 });
    expect(violations({ ...variables, EXECUTOR_SOCKET: '/run/x.sock' })).toEqual(['socketFd']);
    expect(violations({ ...variables, EXECUTOR_SOCKET_FD: '2' })).toEqual(['socketFd']);
    expect(violations({ ...variables, EXECUTOR_SOCKET_FD: '3.5' })).toEqual(['socketFd']);
  });

  it('lists everything that is wrong at once', () => {
    expect(
      violations({
        EXECUTOR_AUTH: 'maybe',
        EXECUTOR_TOKEN: 't',
        EXECUTOR_PORT: '-1',
        EXECUTOR_WORKSPACE: 'relative',
        EXECUTOR_ENVIRONMENT: '{"A":1}',
        EXECUTOR_OUTPUT_RING_MI: '0.5',
        EXECUTOR_RESULT_RETENTION_MINUTES: 'ten',
        EXECUTOR_DISCONNECT_GRACE_SECONDS: '3601',
        EXECUTOR_MAX_PROCESSES: '1',
        EXECUTOR_OPEN_FILES: '64',
        EXECUTOR_LOG_LEVEL: 'loud',
      }).sort(),
    ).toEqual(
      [
        'auth',
        'disconnectGraceSeconds',
        'environment',
        'logLevel',
        'maxProcesses',
        'openFiles',
        'outputRingMi',
        'port',
        'resultRetentionMinutes',
        'workspace',
      ].sort(),
    );
  });

  it('does not print a token that it refuses', () => {
    expect(() => executorOptions({ EXECUTOR_TOKEN: 'my secret' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('my secret') as string }) as Error,
    );
  });
});
