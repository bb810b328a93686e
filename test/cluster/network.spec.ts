import type { SandboxDto } from '@warmbox/dto';
import type { KubeList, Pod } from '@warmbox/sandbox';
import type { WarmboxClient } from '@warmbox/testing/harness';
import { kubectl, kubectlJson, MANAGER_SELECTOR, MANAGERS } from './kubectl.js';
import { clusterClient } from './system.js';

/** curl's exit codes that mean "no connection": could not connect, timed out. */
const UNREACHABLE = [7, 28];

describe('network policies', () => {
  let client: WarmboxClient;
  let inside: SandboxDto;
  let neighbour: SandboxDto;

  beforeAll(async () => {
    client = clusterClient();
    [inside, neighbour] = await Promise.all([client.create(), client.create()]);
    inside = await client.get(inside.name);
    neighbour = await client.get(neighbour.name);
  });
  afterAll(async () => {
    await Promise.all([client.delete(inside.name), client.delete(neighbour.name)]);
  });

  async function curl(url: string): Promise<number> {
    const { exitCode } = await client.execute(inside.name, {
      argv: ['curl', '--silent', '--insecure', '--output', '/dev/null', '--max-time', '3', url],
    });
    return exitCode;
  }

  it('let a sandbox reach itself, so that what follows proves something', async () => {
    expect(await curl('http://127.0.0.1:8666/healthz')).toBe(0);
  });

  it('let a sandbox reach neither another one, nor a manager, nor the API server, nor its node', async () => {
    const { items } = await kubectlJson<KubeList<Pod>>(['get', 'pods', '-n', MANAGERS, '-l', MANAGER_SELECTOR]);
    const manager = items.find(({ status }) => status?.phase === 'Running');
    const apiServer = await kubectl(['get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}']);
    for (const url of [
      `http://${neighbour.podIP}:8666/healthz`,
      `http://${manager?.status?.podIP ?? ''}:8668/livez`,
      `https://${apiServer}/livez`,
      `https://${manager?.status?.hostIP ?? ''}:10250/healthz`,
    ]) {
      const exitCode = await curl(url);
      expect({ url, exitCode, isReached: !UNREACHABLE.includes(exitCode) }).toMatchObject({ isReached: false });
    }
  });

  it('let no pod but the managers reach a sandbox', async () => {
    const name = `stranger-${Date.now()}`;
    await kubectl(['create', '-f', '-'], stranger(name, `http://${neighbour.podIP}:8666/healthz`));
    try {
      await kubectl(['wait', 'pod', name, '-n', MANAGERS, '--for=jsonpath={.status.phase}=Failed', '--timeout=60s']);
      const { status } = await kubectlJson<Pod>(['get', 'pod', name, '-n', MANAGERS]);
      expect(UNREACHABLE).toContain(status?.containerStatuses?.[0]?.state?.terminated?.exitCode);
    } finally {
      await kubectl(['delete', 'pod', name, '-n', MANAGERS, '--wait=false']);
    }
  });

  /** A hardened pod in the managers' own namespace, which calls a sandbox. */
  function stranger(name: string, url: string): Pod {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: MANAGERS },
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'curl',
            image: inside.image,
            imagePullPolicy: 'IfNotPresent',
            command: ['curl', '--silent', '--max-time', '5', url],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    };
  }
});
