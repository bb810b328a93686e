import { readFile } from 'node:fs/promises';
import type { Pod } from '@warmbox/sandbox';
import { waitFor } from '@warmbox/testing';
import type { WarmboxClient } from '@warmbox/testing/harness';
import { kubectl, kubectlJson, SANDBOXES } from './kubectl.js';
import { clusterClient } from './system.js';

/** A sandbox that a manager of label set v1 has left behind, made without this version's help. */
describe('an upgrade', () => {
  let client: WarmboxClient;
  let name: string;

  beforeAll(async () => {
    client = clusterClient();
    // What runs in the cluster under test differs from what ran then: image, runtime class and what the node can spare.
    const template = await client.create();
    const current = await kubectlJson<Pod>(['get', 'pod', template.name, '-n', SANDBOXES]);
    await client.delete(template.name);
    const file = new URL('../../libs/sandbox/src/label.set.v1.json', import.meta.url);
    const { manual } = JSON.parse(await readFile(file, 'utf8')) as { manual: Pod };
    const { nodeName: _, ...spec } = manual.spec!;
    const [container] = spec.containers;
    name = `kata-sandbox-v1-${Date.now()}`;
    await kubectl(['create', '-f', '-'], {
      ...manual,
      metadata: {
        name,
        namespace: SANDBOXES,
        labels: manual.metadata?.labels,
        annotations: manual.metadata?.annotations,
      },
      spec: {
        ...spec,
        runtimeClassName: current.spec?.runtimeClassName,
        containers: [{ ...container, image: template.image, resources: current.spec?.containers[0]?.resources }],
      },
      status: undefined,
    });
    await kubectl(['wait', 'pod', name, '-n', SANDBOXES, '--for=condition=Ready', '--timeout=60s']);
  });

  it('leaves the sandboxes of before in service', async () => {
    expect(await client.get(name)).toMatchObject({
      status: 'manual',
      userId: 'ada@example.org',
      labels: { team: 'search' },
    });
    expect((await client.list('?userId=ada@example.org')).map((sandbox) => sandbox.name)).toContain(name);
    await expect(client.execute(name, { command: 'echo still here' })).resolves.toMatchObject({
      stdout: 'still here\n',
    });
    await expect(client.delete(name)).resolves.toMatchObject({ success: true });
    await waitFor('it is gone', () => client.fetch('GET', `/api/kata/${name}`), { status: 410 });
  });
});
