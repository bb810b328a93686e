import { baseEnvironment, commandEnvironment } from './command.environment.js';

describe("A command's environment", () => {
  const base = baseEnvironment({
    own: { PATH: '/bin', EXECUTOR_TOKEN: 'secret', EXECUTOR_X: 'y', HOME: '/root', KEPT: 'own', LANG: 'de_DE' },
    workspace: '/workspace',
    sandbox: { SANDBOX: 'box', KEPT: 'box' },
  });

  it("is the executor's own without its settings, overridden by the sandbox's", () => {
    expect(base).toEqual({
      PATH: '/workspace/.local/bin:/workspace/node_modules/.bin:/bin',
      HOME: '/workspace',
      LANG: 'C.UTF-8',
      PYTHONUNBUFFERED: '1',
      KEPT: 'box',
      SANDBOX: 'box',
    });
  });

  it('finds programs even where the executor has no PATH', () => {
    expect(baseEnvironment({ own: {}, workspace: '/w', sandbox: {} }).PATH).toMatch(/^\/w\/\.local\/bin:.*:\/usr\/bin/);
  });

  it("lets the request's variables win over everything", () => {
    const trace = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'rojo=1',
    };
    expect(commandEnvironment(base, { cwd: '/d', trace })).toMatchObject({
      TRACEPARENT: trace.traceparent,
      TRACESTATE: 'rojo=1',
      PWD: '/d',
    });
    const request = { TRACEPARENT: 'mine', HOME: '/h', SANDBOX: '' };
    expect(commandEnvironment(base, { cwd: '/d', trace, request })).toMatchObject(request);
  });

  it('has no variable of a trace where there is none', () => {
    expect(Object.keys(commandEnvironment(base, { cwd: '/d' })).filter((name) => name.startsWith('TRACE'))).toEqual([]);
  });
});
