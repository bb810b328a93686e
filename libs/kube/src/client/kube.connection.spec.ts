import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { aPod, ApiDouble, FakeClock, faults, waitFor, type Fault } from '@warmbox/testing';
import { KubeClient } from './kube.client.js';
import { type KubeConnection } from './kube.connection.js';
import { KubeApiError, KubeUnreachableError } from '../errors/kube.error.js';
import { PODS } from './kube.resource.js';
import { connectByKubeconfig } from '../kubeconfig.js';

const NAMESPACE = 'sandbox-containers';

/** Answers once, with a token that has expired already, and then hangs until its parent is gone. */
const PLUGIN_OF_ONE_TOKEN = `[ -e FILE ] && exec sleep 5; touch FILE
  echo '{"status":{"token":"t1","expirationTimestamp":"2020-01-01T00:00:00Z"}}'`;

interface UserFields {
  token?: string;
  username?: string;
  password?: string;
  impersonateUser?: string;
  authProvider?: unknown;
  exec?: unknown;
}

describe('KubeConnection', () => {
  let double: ApiDouble;
  let clock: FakeClock;
  let folder: string;
  const open: KubeConnection[] = [];

  beforeEach(async () => {
    double = await ApiDouble.start();
    double.putPod(aPod({ name: 'a' }));
    clock = new FakeClock();
    folder = await mkdtemp(join(tmpdir(), 'warmbox-kube-'));
  });
  afterEach(async () => {
    for (const connection of open.splice(0)) await connection.close();
    await double.stop();
    await rm(folder, { recursive: true });
  });

  async function clientOf(user: UserFields, cluster: { proxyUrl?: string } = {}): Promise<KubeClient> {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'cluster', server: `${double.url}/`, skipTLSVerify: false, ...cluster },
      { name: 'user', ...user },
    );
    const connection = await connectByKubeconfig(config, clock);
    open.push(connection);
    return new KubeClient(connection, clock);
  }

  const get = (client: KubeClient): Promise<unknown> => client.get(PODS, { namespace: NAMESPACE, name: 'a' });
  const authorizations = (): (string | undefined)[] => double.asked.map(({ request }) => request.headers.authorization);

  /** Answers 401 unless the request has this token. */
  const only =
    (token: string): Fault =>
    (asked, response, carryOut) => {
      if (asked.request.headers.authorization === `Bearer ${token}`) carryOut(response);
      else faults.status(401, 'Unauthorized')(asked, response, carryOut);
    };

  it('logs in by token, by name and password, and as another user', async () => {
    await get(await clientOf({ token: 'abc' }));
    await get(await clientOf({ username: 'ada', password: 'pw:1' }));
    await get(await clientOf({ token: 'abc', impersonateUser: 'bob' }));
    expect(authorizations()).toEqual(['Bearer abc', `Basic ${btoa('ada:pw:1')}`, 'Bearer abc']);
    expect(double.asked[2]?.request.headers['impersonate-user']).toBe('bob');
  });

  it('reads a token file again when it was rotated, and takes a line break at its end', async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'first\n');
    const client = await clientOf({ authProvider: { name: 'tokenFile', config: { tokenFile } } });
    await get(client);
    await writeFile(tokenFile, 'second\n');
    await clock.advance(6_000);
    // The server no longer takes the first one: it is read anew at once, and the request is sent again.
    double.fail('GET', only('second'), 2);
    await get(client);
    expect(authorizations()).toEqual(['Bearer first', 'Bearer first', 'Bearer second']);
  });

  it('asks once for all requests that are refused at the same time, and sends each of them twice at most', async () => {
    const counter = join(folder, 'count');
    const script = `echo x >> ${counter}; echo '{"status":{"token":"t'$(wc -l < ${counter} | tr -d ' ')'"}}'`;
    const client = await clientOf({ exec: { command: '/bin/sh', args: ['-c', script] } });
    await get(client);
    await clock.advance(6_000);
    double.fail('GET', only('t2'), 20);
    await Promise.all(Array.from({ length: 10 }, () => get(client)));
    expect(new Set(authorizations())).toEqual(new Set(['Bearer t1', 'Bearer t2']));
    expect(double.count('GET')).toBe(21);
  });

  it('answers a refusal that new credentials do not help as it is, without asking for them again and again', async () => {
    const counter = join(folder, 'count');
    const script = `echo x >> ${counter}; echo '{"status":{"token":"t'$(wc -l < ${counter} | tr -d ' ')'"}}'`;
    const client = await clientOf({ exec: { command: '/bin/sh', args: ['-c', script] } });
    await clock.advance(6_000);
    double.fail('GET', faults.status(401, 'Unauthorized'), 50);
    for (let i = 0; i < 10; i += 1) await expect(get(client)).rejects.toBeInstanceOf(KubeApiError);
    expect(new Set(authorizations())).toEqual(new Set(['Bearer t1', 'Bearer t2']));
    expect(double.count('GET')).toBe(11);
  });

  it('says that there are no credentials to begin with', async () => {
    const tokenFile = join(folder, 'token');
    const unreadable = clientOf({ authProvider: { name: 'tokenFile', config: { tokenFile } } });
    await expect(unreadable).rejects.toThrow('The credentials for the Kubernetes API cannot be read');
  });

  it('goes on with the old credentials while new ones cannot be read, and takes them once they can', async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'first');
    const client = await clientOf({ authProvider: { name: 'tokenFile', config: { tokenFile } } });
    await rm(tokenFile);
    await clock.advance(30_000);
    double.fail('GET', only('second'), 3);
    await expect(get(client)).rejects.toMatchObject({ status: 401 });
    await writeFile(tokenFile, 'second');
    await clock.advance(6_000);
    await get(client);
    expect(authorizations()).toEqual(['Bearer first', 'Bearer first', 'Bearer second']);
  });

  it('reads certificates again too, and then connects anew', async () => {
    const config = new KubeConfig();
    const caFile = join(folder, 'ca.crt');
    await writeFile(caFile, 'one');
    config.loadFromClusterAndUser({ name: 'c', server: double.url, caFile, skipTLSVerify: false }, { name: 'u' });
    const connection = await connectByKubeconfig(config, clock);
    open.push(connection);
    const client = new KubeClient(connection, clock);
    await get(client);
    const before = await connection.current();
    await clock.advance(30_000);
    expect((await connection.current()).requests).toBe(before.requests);
    await writeFile(caFile, 'two');
    await clock.advance(30_000);
    await get(client);
    expect((await connection.current()).requests).not.toBe(before.requests);
    await waitFor('the old connection to be closed', () => double.open, 1);
  });

  it('waits for a plugin that hangs no longer than the request may take', async () => {
    const client = await clientOf({
      exec: { command: '/bin/sh', args: ['-c', PLUGIN_OF_ONE_TOKEN.replaceAll('FILE', join(folder, 'x'))] },
    });
    await clock.advance(30_000);
    const thrown = client
      .get(PODS, { namespace: NAMESPACE, name: 'a' }, { timeoutMs: 1_000 })
      .catch((error: unknown) => error);
    await waitFor('the request', () => clock.waiting, 1);
    await clock.advance(1_000);
    expect(await thrown).toBeInstanceOf(KubeUnreachableError);
    expect(double.count('GET')).toBe(0);
  });

  it('goes through the proxy that the kubeconfig names', async () => {
    const asked: string[] = [];
    const proxy = createServer((incoming, answer) => {
      asked.push(incoming.url ?? '');
      const { host, pathname } = new URL(incoming.url ?? '');
      const [hostname, port] = host.split(':');
      const { headers } = incoming;
      request({ hostname, port, path: pathname, headers, agent: false }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      }).end();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    await get(await clientOf({ token: 'abc' }, { proxyUrl: `http://127.0.0.1:${port}` }));
    expect(asked).toEqual([`${double.url}/api/v1/namespaces/${NAMESPACE}/pods/a`]);
    expect(authorizations()).toEqual(['Bearer abc']);
    proxy.closeAllConnections();
    proxy.close();
  });

  it('refuses a configuration without a cluster', async () => {
    await expect(connectByKubeconfig(new KubeConfig())).rejects.toThrow('names no cluster');
  });
});
