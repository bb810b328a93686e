import { goneProblem, type Gone } from './gone.problem.js';

describe('what a client is told of a sandbox that is gone', () => {
  it.each<[string, Gone, string]>([
    [
      'why, since when, and what Kubernetes said',
      { name: 'a', cause: 'failed', message: 'SIGKILL, exit code 137', goneAt: 0 },
      'Sandbox a is gone since 1970-01-01T00:00:00.000Z (failed): its executor failed (SIGKILL, exit code 137).',
    ],
    ['why alone', { name: 'a', cause: 'idle' }, 'Sandbox a is gone (idle): it was idle for as long as it may be.'],
    ['nothing where nothing is known', { name: 'a' }, 'Sandbox a is gone.'],
    [
      'what helps',
      { name: 'a', cause: 'oom_killed', message: 'OOMKilled' },
      'Sandbox a is gone (oom_killed): it ran out of memory (OOMKilled). Create one with more memory (resources.limits.memoryMi), or use less.',
    ],
  ])('is %s', (_what, gone, detail) => {
    expect(goneProblem(gone)).toMatchObject({ code: 'sandbox_gone', detail });
  });

  it('is for programs as well', () => {
    expect(goneProblem({ name: 'a', cause: 'oom_killed', message: 'OOMKilled' }).members).toEqual({
      cause: 'oom_killed',
      message: 'OOMKilled',
    });
    expect(goneProblem({ name: 'a', cause: 'idle', message: '' }).members).toEqual({ cause: 'idle' });
  });
});
