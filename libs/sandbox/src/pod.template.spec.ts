import { podOf, templateOf, type SandboxSpec } from './pod.template.js';
import { ownerOf } from './sandbox.owner.js';

const spec: SandboxSpec = {
  name: 'kata-sandbox-1',
  namespace: 'sandbox-containers',
  runtime: 'kata',
  runtimeClassName: 'kata-qemu',
  pool: 'manual',
  image: 'warmbox/executor:1',
  requests: { memoryMi: 128, cpuMillicores: 250 },
  limits: { memoryMi: 512, cpuMillicores: 1000 },
  token: 'secret',
  settings: { EXECUTOR_OUTPUT_RING_MI: '4' },
  awaitsEnvironment: false,
  labels: { team: 'search' },
  createdBy: 'manager-1',
};

const env = (of: SandboxSpec): Record<string, string | undefined> =>
  Object.fromEntries((podOf(of).spec?.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));

/** What the kubelet makes of a variable's value (Kubernetes' expansion rule, with none of the names known). */
const expanded = (value = ''): string =>
  value.replace(/\$\$|\$\(([^)]*)\)/g, (match) => (match === '$$' ? '$' : 'EXPANDED'));

describe('podOf', () => {
  it('passes Pod Security restricted and mounts nothing of the cluster', () => {
    const { spec: pod } = podOf(spec);
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      runtimeClassName: 'kata-qemu',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod?.securityContext?.runAsUser).toBeGreaterThan(0);
    for (const forbidden of ['hostNetwork', 'hostPID', 'hostIPC', 'serviceAccountName']) {
      expect(pod).not.toHaveProperty(forbidden);
    }
    for (const volume of pod?.volumes ?? []) expect(volume.emptyDir?.sizeLimit).toMatch(/^\d+[MG]i$/);
    for (const { securityContext } of pod?.containers ?? []) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('always has requests and limits, of ephemeral storage too', () => {
    expect(podOf(spec).spec?.containers[0]?.resources).toEqual({
      requests: { memory: '128Mi', cpu: '250m', 'ephemeral-storage': '64Mi' },
      limits: { memory: '512Mi', cpu: '1000m', 'ephemeral-storage': '3Gi' },
    });
  });

  it("gives the executor exactly the values that were meant, in spite of the kubelet's expansion", () => {
    const variables = env({ ...spec, token: 'a$b$$c$(HOME)' });
    expect(expanded(variables.EXECUTOR_TOKEN)).toBe('a$b$$c$(HOME)');
    expect(variables.EXECUTOR_OUTPUT_RING_MI).toBe('4');
  });

  it('says that variables are awaited, and never which', () => {
    expect(env({ ...spec, awaitsEnvironment: true })).toMatchObject({ EXECUTOR_ENVIRONMENT_AWAITED: 'true' });
    expect(env(spec)).not.toHaveProperty('EXECUTOR_ENVIRONMENT_AWAITED');
    for (const awaitsEnvironment of [true, false]) {
      expect(env({ ...spec, awaitsEnvironment })).not.toHaveProperty('EXECUTOR_ENVIRONMENT');
    }
  });

  it('lets neither settings nor labels of the caller override its own', () => {
    const settings = { EXECUTOR_TOKEN: 'forged' };
    const forged = podOf({
      ...spec,
      settings,
      labels: {
        app: 'forged',
        'warmbox.dev/pool': 'forged',
        'warmbox.dev/template': 'forged',
        'app.kubernetes.io/managed-by': 'forged',
        team: 'search',
      },
    });
    expect(forged.metadata?.labels).toEqual({
      app: 'kata-manager',
      runtime: 'kata',
      'app.kubernetes.io/managed-by': 'warmbox',
      'warmbox.dev/pool': 'manual',
      'warmbox.dev/template': templateOf({ ...spec, settings }),
      team: 'search',
    });
    expect(env({ ...spec, settings }).EXECUTOR_TOKEN).toBe('secret');
  });

  it('says whom it is for, by a label for selecting and an annotation with the id itself', () => {
    const { metadata } = podOf({ ...spec, userId: 'ада@example.org' });
    expect(metadata?.labels?.['warmbox.dev/owner']).toBe(ownerOf('ада@example.org'));
    expect(metadata?.annotations).toEqual({
      'warmbox.dev/created-by': 'manager-1',
      'warmbox.dev/user-id': 'ада@example.org',
    });
    expect(podOf(spec).metadata?.labels).not.toHaveProperty('warmbox.dev/owner');
  });
});

describe('the pod of a request with an idempotency key', () => {
  it('carries what stands for the request, and has the template of any other', () => {
    const labels = podOf({ ...spec, request: 'the-hash' }).metadata?.labels;
    expect(labels).toMatchObject({ 'warmbox.dev/request': 'the-hash', 'warmbox.dev/template': templateOf(spec) });
    expect(podOf(spec).metadata?.labels).not.toHaveProperty('warmbox.dev/request');
  });
});

describe('the template of a sandbox', () => {
  it('is a label of its pod', () => {
    expect(podOf(spec).metadata?.labels?.['warmbox.dev/template']).toBe(templateOf(spec));
    expect(templateOf(spec)).toMatch(/^[0-9a-f]{10}$/);
  });

  it('is that of the warm sandbox that could stand in for it', () => {
    const warm: SandboxSpec = { ...spec, name: 'kata-sandbox-2', token: 'other', createdBy: 'manager-2', pool: 'warm' };
    const nobodys = { awaitsEnvironment: false, labels: {}, userId: undefined };
    const own = { awaitsEnvironment: true, userId: 'ada', priorityClassName: 'warmbox-sandbox' };
    const wanted: SandboxSpec = { ...spec, ...own };
    expect(templateOf(wanted)).toBe(templateOf({ ...warm, ...nobodys }));
    expect(podOf(wanted).spec?.priorityClassName).toBe('warmbox-sandbox');
    expect(podOf(warm).spec).not.toHaveProperty('priorityClassName');
  });

  it.each<[string, Partial<SandboxSpec>]>([
    ['image', { image: 'warmbox/executor:2' }],
    ['runtime class', { runtimeClassName: 'gvisor' }],
    ['requests', { requests: { memoryMi: 64, cpuMillicores: 250 } }],
    ['limits', { limits: { memoryMi: 512, cpuMillicores: 500 } }],
    ['settings of the executor', { settings: { EXECUTOR_OUTPUT_RING_MI: '8' } }],
    ['runtime', { runtime: 'gvisor' }],
    ['namespace', { namespace: 'other' }],
  ])('changes with the %s', (_what, change) => {
    expect(templateOf({ ...spec, ...change })).not.toBe(templateOf(spec));
  });
});
