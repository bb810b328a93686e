import { LABEL, poolOf } from '@warmbox/sandbox';
import { FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { RuntimeCatalog } from '../sandboxes/runtime.catalog.js';
import { SandboxGrants } from '../sandboxes/sandbox.grants.js';
import { SandboxPlanner } from '../sandboxes/sandbox.planner.js';
import type { PoolOptions } from './pool.ports.js';
import { PoolPods } from './pool.pods.js';

function podsOf(change: Partial<ManagerOptions> = {}): PoolPods {
  const options = Object.assign(new ManagerOptions(), { executorImage: 'warmbox/executor:1', ...change });
  const warmPoolSizes = Object.fromEntries(
    ['kata', ...Object.keys(options.runtimes)].map((name, index) => [name, 2 - index]),
  );
  return new PoolPods(
    new SandboxPlanner(options, new RuntimeCatalog(options), new SandboxGrants(options, new FakeClock())),
    { warmPoolSizes } as PoolOptions,
  );
}

describe('a pool’s pod', () => {
  it('is warm, nobody’s, and carries the hash of its template', () => {
    const pods = podsOf();
    const [target] = pods.templates;
    const pod = pods.make(target!);
    expect(poolOf(pod)).toBe('warm');
    expect(pod.metadata?.labels).toMatchObject({ [LABEL.template]: target?.template, [LABEL.runtime]: 'kata' });
    expect(pod.metadata?.labels).not.toHaveProperty(LABEL.owner);
  });

  it('has a name and a token of its own', () => {
    const pods = podsOf();
    const made = Array.from({ length: 20 }, () => pods.make(pods.templates[0]!));
    const token = (index: number): unknown =>
      made[index]?.spec?.containers[0]?.env?.find(({ name }) => name === 'EXECUTOR_TOKEN')?.value;
    expect(new Set(made.map(({ metadata }) => metadata?.name)).size).toBe(20);
    expect(new Set(made.map((_pod, index) => token(index))).size).toBe(20);
  });
});

describe('the templates', () => {
  const own = { runtimeClassName: 'gvisor' };

  it('are the same in every process of one configuration', () => {
    expect(podsOf({ runtimes: { gvisor: own } }).templates).toEqual(podsOf({ runtimes: { gvisor: own } }).templates);
  });

  it('are one for each runtime', () => {
    const { templates } = podsOf({ runtimes: { gvisor: own } });
    expect(templates.map(({ name, size }) => [name, size])).toEqual([
      ['kata', 2],
      ['gvisor', 1],
    ]);
    expect(new Set(templates.map(({ template }) => template)).size).toBe(2);
  });

  it.each<[string, Partial<ManagerOptions>]>([
    ['the image', { executorImage: 'warmbox/executor:2' }],
    ['the default limits', { defaultResourceLimits: { memoryMi: 1024, cpuMillicores: 1000 } }],
    ['a setting of the executor', { outputRingMi: 8 }],
  ])('change with %s', (_what, change) => {
    expect(podsOf(change).templates[0]?.template).not.toBe(podsOf().templates[0]?.template);
  });

  it.each<[string, Partial<ManagerOptions>]>([
    ['the limit of sandboxes', { maxTotalContainers: 49 }],
    ['the API key', { apiKey: 'another-key-of-sixteen' }],
    ['the prefix of names', { podNamePrefix: 'other' }],
  ])('do not change with %s', (_what, change) => {
    expect(podsOf(change).templates).toEqual(podsOf().templates);
  });
});
