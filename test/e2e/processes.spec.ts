import { AnsweredProblem, type LocalSystem, type WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';
import { USUAL_KILLS, USUAL_PATTERN } from './usual.patterns.js';

describe('the processes of a sandbox', () => {
  let system: LocalSystem;
  let client: WarmboxClient;

  beforeAll(async () => {
    system = await startLocalSystem({ environment: { WARM_POOL_SIZE: '0' } });
    client = system.clients[0]!;
  });
  afterAll(() => system.stop());

  it('are run by one whose name and command line no usual pattern matches', async () => {
    const { name } = await client.create();
    const { stdout } = await client.execute(name, {
      command: "cat /proc/$PPID/comm; tr '\\0' ' ' < /proc/$PPID/cmdline",
    });
    expect(stdout.trim()).toMatch(/^\S+\n\S+$/);
    expect(stdout).not.toMatch(USUAL_PATTERN);
    if (system.cluster.isolation.name !== 'plain') {
      // Some pidof look at the executable.
      const executable = await client.execute(name, { command: 'readlink /proc/$PPID/exe' });
      expect(executable.stdout).toMatch(/^\/\S+\n$/);
      expect(executable.stdout).not.toMatch(USUAL_PATTERN);
    }
    await client.delete(name);
  });

  it('are ended by usual patterns without the sandbox, where it has processes of its own', async () => {
    // There patterns match the processes of whoever runs this test.
    if (system.cluster.isolation.name === 'plain') return;
    const { name } = await client.create();
    const seen = await client.execute(name, { command: 'command -v pkill pidof | wc -l' });
    expect(seen.stdout).toBe('2\n');
    for (const kill of USUAL_KILLS) {
      const { executionId } = await client.execute(name, {
        command: `node -e 'setInterval(() => 0, 1000)' & ${kill}; true`,
      });
      await client.execute(name, { argv: ['echo', kill] }).then(({ stdout }) => expect(stdout).toBe(`${kill}\n`));
      expect((await client.execution(name, executionId)).state).toBe('completed');
    }
    expect(await client.get(name)).toMatchObject({ phase: 'Running', status: 'manual' });
    await client.delete(name);
  });

  it.each(['TERM', 'KILL'])(
    'can end it by SIG%s to the executor, and then it has failed, not completed',
    async (signal) => {
      const { name } = await client.create();
      const answer = await client
        .execute(name, { command: `kill -${signal} $PPID; sleep 60` })
        .catch((error: unknown) => error);
      expect(answer).toBeInstanceOf(AnsweredProblem);
      const gone = await client.gone(name);
      expect(gone.problem).toMatchObject({
        code: 'sandbox_gone',
        cause: 'failed',
        message: expect.stringContaining(`SIG${signal}`) as string,
      });
    },
  );
});
