import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StartError, systemClock } from '@warmbox/platform';
import { Launcher, managerEnvironment } from './launcher.js';
import { localOptions } from './local.options.js';

/** Stands in for the manager: writes its environment beside itself, is ready, and notes on SIGTERM whether its cluster is. */
const MANAGER = `
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const note = (name, value) => writeFileSync(new URL(name, import.meta.url), JSON.stringify(value));
note('environment', process.env);
if (process.env.EXIT) process.exit(Number(process.env.EXIT));
const server = readFileSync(process.env.KUBECONFIG, 'utf8').match(/server: (.*)/)[1];
process.on('SIGTERM', async () => {
  note('cluster-at-stop', (await fetch(server + '/readyz').catch(() => ({ status: 0 }))).status);
  process.exit(0);
});
createServer((_, response) => response.end('ok')).listen(Number(process.env.PORT), process.env.HOST);
`;

describe('Launcher', () => {
  let folder: string;
  let launcher: Launcher;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
    await writeFile(join(folder, 'manager.mjs'), MANAGER);
  });
  afterEach(async () => {
    await launcher.stop();
    await rm(folder, { recursive: true });
  });

  function launch(environment: Record<string, string> = {}): Launcher {
    const variables = { PORT: '0', ISOLATION: 'plain', ...environment };
    const bundles = { manager: join(folder, 'manager.mjs'), executor: '/nowhere' };
    const log = { log: () => undefined, warn: () => undefined };
    launcher = new Launcher(localOptions(variables), variables, bundles, systemClock, log);
    return launcher;
  }

  async function noteOf(name: string): Promise<unknown> {
    return JSON.parse(await readFile(join(folder, name), 'utf8'));
  }

  it('starts a manager that finds the cluster, and says what runs', async () => {
    const running = await launch({ API_KEY: 'the-key-of-this-spec', OUTPUT_RING_MI: '8' }).start();
    expect(running).toMatchObject({ apiKey: 'the-key-of-this-spec', isolation: { name: 'plain' } });
    expect(running.url).toMatch(/^http:\/\/localhost:\d+$/);
    expect(await noteOf('environment')).toMatchObject({
      KUBECONFIG: join(dirname(running.kubectlConfig), 'manager.yaml'),
      API_KEY: 'the-key-of-this-spec',
      HOST: '127.0.0.1',
      EXECUTOR_IMAGE: 'warmbox/executor:local',
      TARGET_NAMESPACE: 'sandbox-containers',
      OUTPUT_RING_MI: '8',
    });
  });

  it('stops the manager while its cluster still answers, and leaves nothing behind', async () => {
    const { kubectlConfig } = await launch().start();
    expect(existsSync(kubectlConfig)).toBe(true);
    await launcher.stop();
    expect(await noteOf('cluster-at-stop')).toBe(200);
    expect(existsSync(dirname(kubectlConfig))).toBe(false);
  });

  it('says with which exit code a manager could not start', async () => {
    const started = launch({ EXIT: '2' }).start();
    await expect(started).rejects.toThrow(StartError);
    await expect(started).rejects.toThrow('exit code 2');
  });

  it('tells of a manager that ends by itself', async () => {
    await launch().start();
    const { KUBECONFIG } = (await noteOf('environment')) as { KUBECONFIG: string };
    const ended = launcher.managerEnded();
    launcher.hurry();
    expect(await ended).toBe(137);
    expect(existsSync(KUBECONFIG)).toBe(true);
  });

  it('starts nothing where its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(launch({ PORT: String(port) }).start()).rejects.toThrow(`Port ${port}`);
    expect(existsSync(join(folder, 'environment'))).toBe(false);
    server.close();
  });

  it('breaks a start off when it is stopped meanwhile', async () => {
    const started = launch().start();
    const stopped = launcher.stop();
    await expect(started).rejects.toThrow('broken off');
    await stopped;
  });
});

describe('managerEnvironment', () => {
  const options = localOptions({ API_KEY: 'key' });

  it('lets the environment override how long a stop takes, and nothing that leads to the cluster', () => {
    const variables = { DRAIN_DELAY_SECONDS: '3', KUBECONFIG: '/elsewhere', EXECUTOR_IMAGE: 'other', HOST: '0.0.0.0' };
    expect(managerEnvironment(variables, options, 8668, '/here')).toMatchObject({
      DRAIN_DELAY_SECONDS: '3',
      SHUTDOWN_GRACE_SECONDS: '0',
      KUBECONFIG: '/here',
      EXECUTOR_IMAGE: 'warmbox/executor:local',
      HOST: '127.0.0.1',
      PORT: '8668',
    });
  });

  it('keeps two sandboxes warm, unless the environment or a file says otherwise', () => {
    const sizeWith = (variables: NodeJS.ProcessEnv): string | undefined =>
      managerEnvironment(variables, options, 8668, '/here').WARM_POOL_SIZE;
    expect(sizeWith({})).toBe('2');
    expect(sizeWith({ WARM_POOL_SIZE: '5' })).toBe('5');
    expect(sizeWith({ CONFIG_FILE: 'warmbox.yaml' })).toBeUndefined();
    expect(sizeWith({ CONFIG_FILE: 'warmbox.yaml', WARM_POOL_SIZE: '5' })).toBe('5');
    expect(sizeWith({ KataContainerManager__WarmPoolSize: '5' })).toBeUndefined();
  });

  it.each([
    ['1', {}, '1'],
    ['3', {}, '2'],
    ['3', { gvisor: {} }, '1'],
    ['1', { gvisor: {} }, '0'],
    ['many', {}, '2'],
    ['-1', {}, '2'],
  ])('keeps no more warm than a limit of %s leaves room for with the further runtimes %j', (limit, runtimes, size) => {
    const several = { ...options, runtimes };
    const environments = [{ MAX_TOTAL_CONTAINERS: limit }, { KATACONTAINERMANAGER__MaxTotalContainers: limit }];
    for (const environment of environments) {
      expect(managerEnvironment(environment, several, 8668, '/here').WARM_POOL_SIZE).toBe(size);
    }
    const meant = { MAX_TOTAL_CONTAINERS: limit, WARM_POOL_SIZE: '7' };
    expect(managerEnvironment(meant, several, 8668, '/here').WARM_POOL_SIZE).toBe('7');
  });

  it('lets the manager listen for others where the launcher is told so', () => {
    const open = localOptions({ API_KEY: 'key', HOST: '0.0.0.0' });
    expect(managerEnvironment({}, open, 8668, '/here').HOST).toBe('0.0.0.0');
  });

  it('hides the cluster that the launcher itself may run in', () => {
    const environment = managerEnvironment({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, options, 8668, '/here');
    expect(environment.KUBERNETES_SERVICE_HOST).toBeUndefined();
  });
});
