import { PODS } from '@warmbox/kube';
import type { Pod } from '@warmbox/sandbox';
import { refusal, useTarget } from './target.js';

describe('pods', () => {
  const target = useTarget();

  describe('replacement', () => {
    it('refuses a resourceVersion that is not the newest: 409 Conflict', async () => {
      const first = await target().createPod('replaced');
      await target().client.patchMerge(PODS, target().key('replaced'), { metadata: { labels: { a: '1' } } });
      const error = await refusal(target().client.replace(PODS, target().key('replaced'), first));
      expect(error.status).toBe(409);
      expect(error.reason).toBe('Conflict');
      expect(error.body.details).toEqual({ name: 'replaced', kind: 'pods' });
    });

    it('overwrites without a resourceVersion, but not the status and not what only the server says', async () => {
      const created = await target().createPod('overwritten', { labels: { old: '1' } });
      const replaced = await target().client.replace(PODS, target().key('overwritten'), {
        ...created,
        metadata: { name: 'overwritten', labels: { new: '1' } },
        status: { phase: 'Running' },
      });
      expect(replaced.metadata).toMatchObject({ uid: created.metadata?.uid, labels: { new: '1' } });
      expect(replaced.metadata?.labels).not.toHaveProperty('old');
      expect(replaced.metadata?.creationTimestamp).toBe(created.metadata?.creationTimestamp);
      expect(replaced.status?.phase).toBe('Pending');
    });

    it('refuses another spec: 422 that names spec', async () => {
      const created = await target().createPod('fixed-spec');
      const error = await refusal(
        target().client.replace(PODS, target().key('fixed-spec'), {
          ...created,
          spec: created.spec && { ...created.spec, restartPolicy: 'Never' },
        }),
      );
      expect(error.status).toBe(422);
      expect(error.fields).toEqual(['spec']);
    });

    it('allows another image, which is a new generation', async () => {
      const { metadata, spec } = await target().createPod('new-image');
      const containers = spec?.containers.map((container) => ({ ...container, image: 'none:2' })) ?? [];
      const replaced = await target().client.replace(PODS, target().key('new-image'), {
        metadata,
        spec: spec && { ...spec, containers },
      });
      expect(replaced.metadata?.generation).toBe(2);
    });

    it('refuses another uid (409), another name (400) and what does not exist (404)', async () => {
      const created = await target().createPod('this-one');
      const replace = (name: string, metadata: object): Promise<Pod> =>
        target().client.replace(PODS, target().key(name), { ...created, metadata: { name: 'this-one', ...metadata } });
      expect((await refusal(replace('this-one', { uid: 'another' }))).status).toBe(409);
      expect((await refusal(replace('another', {}))).status).toBe(400);
      expect((await refusal(replace('missing', { name: 'missing' }))).status).toBe(404);
    });

    it('gives no new resourceVersion where nothing changes', async () => {
      const created = await target().createPod('unchanged');
      const replaced = await target().client.replace(PODS, target().key('unchanged'), created);
      expect(replaced.metadata?.resourceVersion).toBe(created.metadata?.resourceVersion);
    });
  });

  describe('status', () => {
    it('is written apart from the rest, as a kubelet does', async () => {
      await target().createBoundPod('reported', { spec: { restartPolicy: 'Never' } });
      const patched = await target().client.patchMerge(
        PODS,
        target().key('reported'),
        {
          spec: { restartPolicy: 'Always' },
          status: {
            phase: 'Running',
            podIP: '10.1.2.3',
            startTime: '2026-01-01T00:00:00.5Z',
            conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:01Z' }],
            containerStatuses: [
              {
                name: 'main',
                image: 'none:1',
                imageID: '',
                ready: true,
                restartCount: 0,
                state: { running: { startedAt: '2026-01-01T00:00:01Z' } },
              },
            ],
          },
        },
        { subresource: 'status' },
      );
      expect(patched.spec?.restartPolicy).toBe('Never');
      expect(patched.status).toMatchObject({
        phase: 'Running',
        podIP: '10.1.2.3',
        podIPs: [{ ip: '10.1.2.3' }],
        startTime: '2026-01-01T00:00:00Z',
        qosClass: 'BestEffort',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:01Z' }],
      });
    });

    it('keeps its last writer’s word only with the newest resourceVersion', async () => {
      const created = await target().createPod('raced-status');
      const status = { ...created, status: { phase: 'Running' } };
      await target().client.replace(PODS, target().key('raced-status'), status, { subresource: 'status' });
      const again = target().client.replace(PODS, target().key('raced-status'), status, { subresource: 'status' });
      expect((await refusal(again)).status).toBe(409);
    });

    it('refuses an address that is none', async () => {
      await target().createPod('no-address');
      const error = await refusal(
        target().client.patchMerge(
          PODS,
          target().key('no-address'),
          { status: { podIP: '10.0.0.300' } },
          { subresource: 'status' },
        ),
      );
      expect(error.status).toBe(422);
      expect(error.fields).toEqual(['status.podIPs[0]']);
    });

    it('lets nobody revive a container that has ended for good', async () => {
      await target().createPod('ended', { spec: { restartPolicy: 'Never' } });
      const write = (state: object): Promise<Pod> =>
        target().client.patchMerge(
          PODS,
          target().key('ended'),
          {
            status: {
              containerStatuses: [{ name: 'main', image: 'i', imageID: '', ready: false, restartCount: 0, state }],
            },
          },
          { subresource: 'status' },
        );
      await write({ terminated: { exitCode: 3 } });
      const error = await refusal(write({ running: { startedAt: '2026-01-01T00:00:00Z' }, terminated: null }));
      expect(error.fields).toEqual(['status.containerStatuses[0].state']);
    });
  });

  describe('binding', () => {
    it('gives a pod its node and says so in a condition', async () => {
      const pod = await target().createBoundPod('bound');
      expect(pod.spec?.nodeName).toBe(target().node);
      expect(pod.status?.conditions).toContainEqual(expect.objectContaining({ type: 'PodScheduled', status: 'True' }));
    });

    it('happens once: 409 after that', async () => {
      await target().createBoundPod('bound-once');
      const error = await refusal(target().client.bind(target().key('bound-once'), target().node));
      expect(error.status).toBe(409);
      expect(error.body.message).toContain(`is already assigned to node "${target().node}"`);
    });

    it('happens to no pod that is missing (404) or being deleted (409)', async () => {
      await target().createBoundPod('going');
      await target().client.delete(PODS, target().key('going'));
      expect((await refusal(target().client.bind(target().key('going'), target().node))).status).toBe(409);
      expect((await refusal(target().client.bind(target().key('missing'), target().node))).status).toBe(404);
    });
  });
});
