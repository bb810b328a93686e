import { waitFor } from '@warmbox/testing';
import { AnsweredProblem, type WarmboxClient } from '@warmbox/testing/harness';
import { USUAL_KILLS, USUAL_PATTERN } from '../e2e/usual.patterns.js';
import { clusterClient } from './system.js';

/** The end of a sandbox, once its container has stopped, takes a real node some seconds. */
const PATIENCE_MS = 90_000;

describe('the processes of a sandbox in its image', () => {
  let client: WarmboxClient;
  let name: string;
  beforeAll(async () => {
    client = clusterClient();
    ({ name } = await client.create());
  });
  afterAll(() => client.delete(name));

  it('are run by two whose names and command lines no usual pattern matches', async () => {
    const { stdout } = await client.execute(name, {
      command: `for pid in 1 $PPID; do cat /proc/$pid/comm; tr '\\0' ' ' < /proc/$pid/cmdline; echo; done`,
    });
    expect(stdout).toContain('tini');
    expect(stdout).toContain('warmboxd');
    expect(stdout).not.toMatch(USUAL_PATTERN);
  });

  it('are ended by usual patterns without the sandbox', async () => {
    const { stdout } = await client.execute(name, { command: 'command -v pkill pidof | wc -l' });
    expect(stdout).toBe('2\n');
    for (const kill of USUAL_KILLS) {
      await client.execute(name, { command: `node -e 'setInterval(() => 0, 1000)' & ${kill}; true` });
      const { stdout: said } = await client.execute(name, { argv: ['echo', kill] });
      expect(said).toBe(`${kill}\n`);
    }
  });

  it('and the executor hold no deleted file of a volume open, with which no checkpoint could be made of it', async () => {
    const command = 'readlink /proc/$PPID/fd/* /proc/self/fd/* | grep "(deleted)" | grep -vc "^/dev/shm/"';
    await expect(client.execute(name, { command, stdin: 'text' })).resolves.toMatchObject({ stdout: '0\n' });
  });

  it('are ended by a time-out also where they have left the process group', async () => {
    const seconds = `333.${Date.now()}`;
    const command = `setsid sleep ${seconds} & timeout 600 sleep ${seconds}; echo`;
    await expect(client.execute(name, { command, timeoutSeconds: 1 })).resolves.toMatchObject({ timedOut: true });
    // The pattern does not match its own shell.
    const left = {
      command: `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c '[s]leep ${seconds}' || true`,
    };
    await waitFor('they are gone', () => client.execute(name, left), { stdout: '0\n' });
  });

  it.each(['TERM', 'KILL'])(
    'can end it by SIG%s to the executor, and then it has failed, not completed',
    async (signal) => {
      const ended = await client.create();
      const command = `kill -${signal} $PPID; sleep 60`;
      const answer = await client.execute(ended.name, { command }).catch((error: unknown) => error);
      expect(answer).toBeInstanceOf(AnsweredProblem);
      const gone = await client.gone(ended.name, PATIENCE_MS);
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
  let client: WarmboxClient;
  let name: string;
  beforeAll(async () => {
    client = clusterClient().of('limited');
    ({ name } = await client.create({ resources: { limits: { memoryMi: 1024 } } }));
  });
  afterAll(() => client.delete(name));

  it('refuses more with EAGAIN and lives on, and commands can still be run in it to end them', async () => {
    // Not bash, which tries again for 15 seconds.
    const flood = `for i in $(seq ${2 * MOST}); do sleep 300 > /dev/null 2>&1 & done`;
    const { exitCode, stderr } = await client.execute(name, { command: `exec dash -c '${flood}'` });
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('annot fork') as string,
    });
    const { stdout } = await client.execute(name, { command: 'pgrep -c sleep' });
    expect(Number(stdout)).toBeGreaterThan(MOST / 2);
    expect(Number(stdout)).toBeLessThan(MOST);
    await expect(client.execute(name, { command: 'echo alive' })).resolves.toMatchObject({ stdout: 'alive\n' });
    await client.execute(name, { command: 'exec pkill sleep' });
    await expect(client.execute(name, { command: 'ls / | wc -l' })).resolves.toMatchObject({ exitCode: 0 });
  });
});
