import { aPod } from '@warmbox/testing';
import { goneProblem, type Gone } from './gone.problem.js';

const { containers = [], volumes = [] } = aPod().spec ?? {};
const diskLimit = containers[0]?.resources?.limits?.['ephemeral-storage'] ?? 'unknown';
const sizeOf = (name: string): string =>
  volumes.find((volume) => volume.name === name)?.emptyDir?.sizeLimit ?? 'unknown';

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
    [
      'how much its disk holds, by the pod of a sandbox',
      { name: 'a', cause: 'disk_full', message: 'Evicted' },
      `Sandbox a is gone (disk_full): it wrote more to its disk than it may (Evicted). /workspace holds ${sizeOf('workspace')}, /tmp ${sizeOf('tmp')}, and all of its disk ${diskLimit}: write less, or elsewhere.`,
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
