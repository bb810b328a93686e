import type { Namespace, Pod } from '@warmbox/sandbox';
import { kubectl, kubectlJson, MANAGERS, SANDBOXES } from './kubectl.js';
import { clusterClient } from './system.js';

/** Says who it is and tries what a hardened container cannot do. */
const PROBE = [
  'id -u',
  'touch /written 2>/dev/null && echo writable || echo read-only',
  '[ -e /var/run/secrets/kubernetes.io/serviceaccount/token ] && echo token || echo no token',
  'grep -q "^CapEff:[[:space:]]*0*$" /proc/self/status && echo no capabilities || echo capabilities',
].join('; ');

describe('Pod Security', () => {
  it.each([MANAGERS, SANDBOXES])(
    'is restricted in %s, where a pod that is not hardened is refused',
    async (namespace) => {
      const { metadata } = await kubectlJson<Namespace>(['get', 'namespace', namespace]);
      expect(metadata?.labels?.['pod-security.kubernetes.io/enforce']).toBe('restricted');
      const pod: Pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'soft', namespace },
        spec: { containers: [{ name: 'soft', image: 'soft', resources: { limits: { 'ephemeral-storage': '1Mi' } } }] },
      };
      await expect(kubectl(['create', '--dry-run=server', '-f', '-'], pod)).rejects.toThrow(/violates PodSecurity/);
    },
  );

  it('accepts sandboxes, which run as nobody in particular on a read-only root without a token', async () => {
    const client = clusterClient();
    const { name } = await client.create();
    const { stdout } = await client.execute(name, { command: PROBE });
    await client.delete(name);
    expect(stdout.trim().split('\n')).toEqual(['1000', 'read-only', 'no token', 'no capabilities']);
  });

  it('accepts managers, which run as nobody in particular on a read-only root', async () => {
    const stdout = await kubectl(['exec', '-n', MANAGERS, 'deployment/warmbox-manager', '--', 'sh', '-c', PROBE]);
    expect(stdout.trim().split('\n')).toEqual(['1000', 'read-only', 'token', 'no capabilities']);
  });
});
