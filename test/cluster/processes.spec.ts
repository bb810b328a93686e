import { waitFor } from '@warmbox/testing';
import { AnsweredProblem } from '@warmbox/testing/harness';
import { USUAL_KILLS, USUAL_PATTERN } from '../e2e/usual.patterns.js';
import { SuiteSandbox } from './system.js';

/** The end of a sandbox, once its container has stopped, takes a real node some seconds. */
const PATIENCE_MS = 90_000;

describe('the processes of a sandbox in its image', () => {
  const sandbox = new SuiteSandbox();

  it('are run by two whose names and command lines no usual pattern matches', async () => {
    const { stdout } = await sandbox.execute({
      command: `for pid in 1 $PPID; do cat /proc/$pid/comm; tr '\\0' ' ' < /proc/$pid/cmdline; echo; done`,
    });
    expect(stdout).toContain('tini');
    expect(stdout).toContain('warmboxd');
    expect(stdout).not.toMatch(USUAL_PATTERN);
  });

  it('are ended by usual patterns without the sandbox', async () => {
    const { stdout } = await sandbox.execute({ command: 'command -v pkill pidof | wc -l' });
    expect(stdout).toBe('2\n');
    for (const kill of USUAL_KILLS) {
      await sandbox.execute({ command: `node -e 'setInterval(() => 0, 1000)' & ${kill}; true` });
      const { stdout: said } = await sandbox.execute({ argv: ['echo', kill] });
      expect(said).toBe(`${kill}\n`);
    }
  });

  it('and the executor hold no deleted file of a volume open, with which no checkpoint could be made of it', async () => {
    const command = 'readlink /proc/$PPID/fd/* /proc/self/fd/* | grep "(deleted)" | grep -vcE "^/(dev/shm/|memfd:)"';
    await expect(sandbox.execute({ command, stdin: 'text' })).resolves.toMatchObject({
      stdout: '0\n',
    });
  });

  it('are ended by a time-out also where they have left the process group', async () => {
    const seconds = `333.${Date.now()}`;
    const command = `setsid sleep ${seconds} & timeout 600 sleep ${seconds}; echo`;
    await expect(sandbox.execute({ command, timeoutSeconds: 1 })).resolves.toMatchObject({
      timedOut: true,
    });
    // The pattern does not match its own shell.
    const left = {
      command: `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c '[s]leep ${seconds}' || true`,
    };
    await waitFor('they are gone', () => sandbox.execute(left), { stdout: '0\n' });
  });

  it.each(['TERM', 'KILL'])(
    'can end it by SIG%s to the executor, and then it has failed, not completed',
    async (signal) => {
      const ended = await sandbox.client.create();
      const command = `kill -${signal} $PPID; sleep 60`;
      const answer = await sandbox.client.execute(ended.name, { command }).catch((error: unknown) => error);
      expect(answer).toBeInstanceOf(AnsweredProblem);
      const gone = await sandbox.client.gone(ended.name, PATIENCE_MS);
      expect(gone.problem).toMatchObject({
        code: 'sandbox_gone',
        cause: 'failed',
        message: expect.stringContaining(`SIG${signal}`) as string,
      });
    },
  );
});

describe('a sandbox that may not have many processes', () => {
  // 512 for each Gi of memory (k8s/overlays/test/config.yaml).
  const MOST = 512;
  const sandbox = new SuiteSandbox('limited', { resources: { limits: { memoryMi: 1024 } } });

  it('refuses more with EAGAIN and lives on, and commands can still be run in it to end them', async () => {
    // Not bash, which tries again for 15 seconds.
    const flood = `for i in $(seq ${2 * MOST}); do sleep 300 > /dev/null 2>&1 & done`;
    const { exitCode, stderr } = await sandbox.execute({ command: `exec dash -c '${flood}'` });
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('annot fork') as string,
    });
    const { stdout } = await sandbox.execute({ command: 'pgrep -c sleep' });
    expect(Number(stdout)).toBeGreaterThan(MOST / 2);
    expect(Number(stdout)).toBeLessThan(MOST);
    await expect(sandbox.execute({ command: 'echo alive' })).resolves.toMatchObject({
      stdout: 'alive\n',
    });
    await sandbox.execute({ command: 'exec pkill sleep' });
    await expect(sandbox.execute({ command: 'ls / | wc -l' })).resolves.toMatchObject({
      exitCode: 0,
    });
  });
});
