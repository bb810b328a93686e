import type { CreateSandboxDto } from '@warmbox/dto';
import { LABEL, poolOf, tenantOf, type Pod } from '@warmbox/sandbox';
import { FakeClock } from '@warmbox/testing';
import { aPrincipal } from '../http/fixtures/a.principal.js';
import { ManagerOptions } from '../config/manager.options.js';
import { RuntimeCatalog } from './runtime.catalog.js';
import { SandboxGrants } from './sandbox.grants.js';
import { SandboxPlanner } from './sandbox.planner.js';

const options = Object.assign(new ManagerOptions(), { executorImage: 'warmbox/executor:1' });
const planner = new SandboxPlanner(options, new RuntimeCatalog(options), new SandboxGrants(options, new FakeClock()));
const templateOf = (pod: Pod): string | undefined => pod.metadata?.labels?.[LABEL.template];

describe('the planner of sandboxes', () => {
  it('plans what a request asks for, as a manual sandbox', () => {
    const pod = planner.plan(aPrincipal({ tenant: 'search' }), 'kata', { userId: 'ada', labels: { team: 'search' } });
    expect(poolOf(pod)).toBe('manual');
    expect(tenantOf(pod)).toBe('search');
    expect(pod.metadata?.labels).toMatchObject({ team: 'search', [LABEL.runtime]: 'kata' });
    expect(pod.metadata?.annotations).toMatchObject({ 'warmbox.dev/user-id': 'ada' });
  });

  it('gives a sandbox that a warm one could stand in for the template of the warm one', () => {
    const plain = planner.plan(aPrincipal(), 'kata', {
      userId: 'ada',
      labels: { a: 'b' },
      environmentVariables: { A: 'b' },
    });
    expect(templateOf(plain)).toBe(templateOf(planner.warm('kata')));
    const larger = planner.plan(aPrincipal(), 'kata', { resources: { limits: { memoryMi: 1024 } } });
    expect(templateOf(larger)).not.toBe(templateOf(plain));
  });

  it('tells the template of what a request asks for without a pod', () => {
    const resources = { limits: { memoryMi: 1024 } };
    expect(planner.templateOf('kata')).toBe(templateOf(planner.warm('kata')));
    expect(planner.templateOf('kata', { resources: {} })).toBe(templateOf(planner.warm('kata')));
    expect(planner.templateOf('kata', { resources })).toBe(
      templateOf(planner.plan(aPrincipal(), 'kata', { resources })),
    );
    expect(planner.templateOf('kata', { resources })).not.toBe(planner.templateOf('kata'));
  });

  it.each<[string, CreateSandboxDto]>([
    ['more memory than there may be', { resources: { limits: { memoryMi: 1_000_000 } } }],
    ['a longer lifetime than there may be', { lifetimeSeconds: 1_000_000 }],
  ])('refuses %s, with and without a pod', (_, request) => {
    for (const attempt of [
      () => void planner.plan(aPrincipal(), 'kata', request),
      () => planner.check('kata', request),
    ]) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_request' }) as Error);
    }
    expect(() => planner.check('kata', {})).not.toThrow();
  });

  it('never writes the variables of a caller into the pod, which many may read, but that they are awaited', () => {
    const pod = planner.plan(aPrincipal(), 'kata', { environmentVariables: { API_TOKEN: 'very-secret' } });
    expect(JSON.stringify(pod)).not.toMatch(/API_TOKEN|very-secret/);
    expect(JSON.stringify(pod)).toContain('EXECUTOR_ENVIRONMENT_AWAITED');
    for (const request of [{}, { environmentVariables: {} }]) {
      expect(JSON.stringify(planner.plan(aPrincipal(), 'kata', request))).not.toContain('EXECUTOR_ENVIRONMENT_AWAITED');
    }
  });

  it('limits processes by the memory that a sandbox has, where the runtime says so', () => {
    const limited = Object.assign(new ManagerOptions(), {
      executorImage: 'warmbox/executor:1',
      runtimes: { gvisor: { maxProcessesPerGi: 512 } },
    });
    const grants = new SandboxGrants(limited, new FakeClock());
    const planned = new SandboxPlanner(limited, new RuntimeCatalog(limited), grants);
    const mostOf = (pod: Pod): string | undefined =>
      pod.spec?.containers[0]?.env?.find(({ name }) => name === 'EXECUTOR_MAX_PROCESSES')?.value;
    const ofMemory = (memoryMi: number): Pod =>
      planned.plan(aPrincipal(), 'gvisor', { resources: { limits: { memoryMi }, requests: { memoryMi: 64 } } });
    expect(mostOf(planned.warm('gvisor'))).toBe('256');
    expect([64, 256, 4096].map((memoryMi) => mostOf(ofMemory(memoryMi)))).toEqual(['64', '128', '2048']);
    expect(mostOf(planned.warm('kata'))).toBeUndefined();
    expect(templateOf(ofMemory(512))).not.toBe(templateOf(planned.warm('kata')));
  });

  it('gives the priority that is configured to what a caller asks for, and none to what is kept warm', () => {
    const prioritised = Object.assign(new ManagerOptions(), { ...options, sandboxPriorityClassName: 'high' });
    const catalog = new RuntimeCatalog(prioritised);
    const other = new SandboxPlanner(prioritised, catalog, new SandboxGrants(prioritised, new FakeClock()));
    expect(other.plan(aPrincipal(), 'kata', {}).spec?.priorityClassName).toBe('high');
    expect(other.warm('kata').spec?.priorityClassName).toBeUndefined();
    expect(planner.plan(aPrincipal(), 'kata', {}).spec).not.toHaveProperty('priorityClassName');
  });

  it('refuses a runtime that is not configured', () => {
    expect(() => planner.plan(aPrincipal(), 'nope', {})).toThrow('There is no runtime "nope"');
    expect(() => planner.warm('nope')).toThrow('There is no runtime "nope"');
    expect(() => planner.templateOf('nope')).toThrow('There is no runtime "nope"');
    expect(() => planner.check('nope', {})).toThrow('There is no runtime "nope"');
  });
});
