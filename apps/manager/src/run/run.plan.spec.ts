import type { RunDto, RunFileDto } from '@warmbox/dto';
import { runPlan, runViolations } from './run.plan.js';

const LIMITS = { podReadyTimeoutSeconds: 90, maxContainerLifetimeMinutes: 15, disconnectGraceSeconds: 5 };

describe('runPlan', () => {
  const plan = (dto: RunDto): ReturnType<typeof runPlan> => runPlan(dto, LIMITS);

  it('gives a sandbox that is not kept a short idle time, and no more lifetime than its command may need', () => {
    expect(plan({ command: 'true' }).sandbox).toMatchObject({
      idleTimeoutSeconds: 30,
      lifetimeSeconds: 90 + 300 + 120,
    });
    expect(plan({ command: 'true', timeoutSeconds: 10 }).sandbox).toMatchObject({ lifetimeSeconds: 220 });
  });

  it('asks for no more lifetime than the configuration allows', () => {
    expect(plan({ command: 'true', timeoutSeconds: 86_400 }).sandbox.lifetimeSeconds).toBe(900);
  });

  it('grants what the request asks for', () => {
    const asked = { lifetimeSeconds: 60, idleTimeoutSeconds: 10 };
    expect(plan({ command: 'true', ...asked }).sandbox).toMatchObject(asked);
  });

  it('leaves the grant of a sandbox that is kept to the configuration', () => {
    const { sandbox } = plan({ command: 'true', keep: true });
    expect([sandbox.lifetimeSeconds, sandbox.idleTimeoutSeconds]).toEqual([undefined, undefined]);
  });

  it('gives the variables to the one command, and to the sandbox where that is kept', () => {
    const environmentVariables = { A: '1' };
    const once = plan({ command: 'true', environmentVariables });
    expect([once.sandbox.environmentVariables, once.command.environmentVariables]).toEqual([
      undefined,
      environmentVariables,
    ]);
    const kept = plan({ command: 'true', environmentVariables, keep: true });
    expect([kept.sandbox.environmentVariables, kept.command.environmentVariables]).toEqual([
      environmentVariables,
      undefined,
    ]);
  });

  it('passes nothing of the sandbox to the executor, which refuses fields that it does not know', () => {
    const { command } = plan({
      argv: ['true'],
      events: 'all',
      userId: 'ada',
      labels: { a: 'b' },
      waitSeconds: 1,
      lifetimeSeconds: 60,
      idleTimeoutSeconds: 10,
      keep: false,
    });
    expect(JSON.parse(JSON.stringify(command))).toEqual({ argv: ['true'], events: 'all' });
  });

  it('waits for a client that has left as long as the command does', () => {
    expect(plan({ command: 'true' }).graceMs).toBe(5_000);
    expect(plan({ command: 'true', disconnectGraceSeconds: 0 }).graceMs).toBe(0);
  });
});

function base64(content: string, index: number): RunFileDto {
  return { path: String(index), content, encoding: 'base64' };
}

describe('runViolations', () => {
  it.each<[string, RunDto, string[]]>([
    ['a command', { command: 'true' }, []],
    ['nothing to run', {}, ['/command']],
    ['command and argv', { command: 'true', argv: ['true'] }, ['/argv']],
    ['a detached command whose sandbox goes', { command: 'true', detached: true }, ['/detached']],
    ['a detached command whose sandbox stays', { command: 'true', detached: true, keep: true }, []],
    ['a command that is not detached', { command: 'true', detached: false }, []],
    [
      'files',
      {
        command: 'true',
        files: [
          { path: 'a', content: 'é' },
          { path: 'b', content: '6Q==', encoding: 'base64' },
        ],
      },
      [],
    ],
    [
      'base64 that is none',
      { command: 'true', files: ['a', 'YQ', 'YQ=', '=', 'YWJj ', 'Y-_='].map(base64) },
      [0, 1, 2, 3, 4, 5].map((index) => `/files/${index}/content`),
    ],
    ['a path that is given twice', { command: 'true', files: [base64('', 0), base64('', 0)] }, ['/files/1/path']],
    [
      'files that are too large together',
      { files: Array.from({ length: 5 }, (_, index) => base64('A'.repeat(1_000_000), index)) },
      ['/command', '/files'],
    ],
  ])('judges %s', (_, dto, pointers) => {
    expect(runViolations(dto).map(({ pointer }) => pointer)).toEqual(pointers);
  });
});
