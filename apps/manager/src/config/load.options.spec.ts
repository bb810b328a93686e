import { OptionsError } from '@warmbox/platform/options';
import { loadManagerOptions, soundOptions, type LoadedOptions, type OptionInput } from './load.options.js';
import { readConfigFile } from './config.file.js';

const KEY = 'k'.repeat(32);
const SOUND = { API_KEY: KEY, EXECUTOR_IMAGE: 'warmbox/executor:1' };

function load(
  variables: OptionInput['variables'],
  { file, inCluster = true }: { file?: string; inCluster?: boolean } = {},
): LoadedOptions {
  const input = file === undefined ? undefined : { ...readConfigFile(file, 'warmbox.yaml'), path: 'warmbox.yaml' };
  return loadManagerOptions({ variables, inCluster, file: input });
}

function violated(loaded: LoadedOptions): string[] {
  return loaded.violations.map(({ key }) => key).sort();
}

describe('the options of the manager', () => {
  it('need a key and an image, and have a default for everything else', () => {
    const { options, violations, warnings } = load(SOUND);
    expect(violations).toEqual([]);
    expect(warnings).toEqual([]);
    expect(options).toMatchObject({
      targetNamespace: 'sandbox-containers',
      runtimeClassName: 'kata-qemu',
      podNamePrefix: 'kata-sandbox',
      podReadyTimeoutSeconds: 90,
      maxTotalContainers: 50,
      warmPoolSize: 10,
      maxConcurrentCreates: 10,
      poolBackfillCheckIntervalSeconds: 30,
      leaderLeaseDurationSeconds: 15,
      idleTimeoutMinutes: 5,
      maxContainerLifetimeMinutes: 15,
      cleanupCheckIntervalMinutes: 1,
      cleanupCompletedPods: true,
      tombstoneMinutes: 60,
      defaultResourceRequests: { memoryMi: 128, cpuMillicores: 250 },
      defaultResourceLimits: { memoryMi: 512, cpuMillicores: 1000 },
      maxResourceLimits: { memoryMi: 4096, cpuMillicores: 4000 },
      port: 8668,
      runtimes: {},
    });
    expect(violated(load({}))).toEqual(['apiKey', 'executorImage']);
  });

  it('listen to this machine and its loopback names only, outside a cluster', () => {
    expect(load(SOUND, { inCluster: false }).options).toMatchObject({
      host: '127.0.0.1',
      allowedHosts: ['localhost', '127.0.0.1', '::1'],
    });
    expect(load(SOUND, { inCluster: true }).options).toMatchObject({ host: '0.0.0.0', allowedHosts: [] });
  });

  it('take a variable of ours before one of the original before the file before the default', () => {
    const file = 'maxTotalContainers: 11\npodReadyTimeoutSeconds: 41\noutputRingMi: 8';
    const { options, sources } = load(
      {
        ...SOUND,
        MAX_TOTAL_CONTAINERS: '13',
        KataContainerManager__MaxTotalContainers: '12',
        KataContainerManager__PodReadyTimeoutSeconds: '42',
      },
      { file },
    );
    expect(options).toMatchObject({ maxTotalContainers: 13, podReadyTimeoutSeconds: 42, outputRingMi: 8 });
    expect(sources.get('maxTotalContainers')).toBe('MAX_TOTAL_CONTAINERS');
    expect(sources.get('podReadyTimeoutSeconds')).toBe('KataContainerManager__…');
    expect(sources.get('outputRingMi')).toBe('warmbox.yaml');
    expect(sources.get('port')).toBe('default');
  });

  it('take booleans in any case, and the original’s variables with any case and with colons', () => {
    const { options, violations } = load({
      ...SOUND,
      ALLOW_LARGE_POOLS: 'True',
      KATACONTAINERMANAGER__CLEANUPCOMPLETEDPODS: 'False',
      'KataContainerManager:WarmPoolSize': ' 3 ',
      KataContainerManager__DefaultResourceLimits__MemoryMi: '768',
      katacontainermanager__defaultresourcelimits__cpumillicores: '900',
    });
    expect(violations).toEqual([]);
    expect(options).toMatchObject({
      allowLargePools: true,
      cleanupCompletedPods: false,
      warmPoolSize: 3,
      defaultResourceLimits: { memoryMi: 768, cpuMillicores: 900 },
    });
  });

  it('merge amounts field by field over every layer', () => {
    const { options } = load(
      { ...SOUND, KataContainerManager__DefaultResourceLimits__MemoryMi: '768', MAX_RESOURCE_LIMITS: '{"cpu":"2"}' },
      { file: 'defaultResourceLimits: { cpu: 1500m }' },
    );
    expect(options.defaultResourceLimits).toEqual({ memoryMi: 768, cpuMillicores: 1500 });
    expect(options.maxResourceLimits).toEqual({ memoryMi: 4096, cpuMillicores: 2000 });
  });

  it('report every violation at once, with key, value, source and rule', () => {
    const loaded = load(
      { API_KEY: 'short', PORT: '70000', POD_READY_TIMEOUT_SECONDS: '90.5', ALLOW_LARGE_POOLS: 'yes' },
      { file: 'targetNamespace: Not_A_Label\nlogLevel: loud\nwarmPoolsize: 3' },
    );
    expect(violated(loaded)).toEqual(
      [
        'allowLargePools',
        'apiKey',
        'executorImage',
        'logLevel',
        'podReadyTimeoutSeconds',
        'port',
        'targetNamespace',
        'warmPoolsize',
      ].sort(),
    );
    expect(() => soundOptions(loaded)).toThrow(OptionsError);
    const text = new OptionsError(loaded.violations).message;
    expect(text).toContain('port = 70000 (PORT): port must not be greater than 65535');
    expect(text).toContain('warmPoolsize = 3 (warmbox.yaml): is no option');
    expect(text).toContain('allowLargePools = "yes" (ALLOW_LARGE_POOLS)');
  });

  it('never show a secret in a violation', () => {
    const loaded = load({ API_KEY: 'hunter2' }, { file: 'apikey: correct-horse\nEXECUTOR_TOKEN: battery' });
    const text = new OptionsError(loaded.violations).message;
    expect(violated(loaded)).toContain('apiKey');
    expect(text).not.toMatch(/hunter2|correct-horse|battery/);
  });

  it('refuse a key with spaces or line breaks, which no header can carry', () => {
    expect(violated(load({ ...SOUND, API_KEY: `${KEY} ${KEY}` }))).toEqual(['apiKey']);
    expect(violated(load({ ...SOUND, API_KEY: `${KEY}\n` }))).toEqual(['apiKey']);
  });

  it('hold requests below limits below the maximum, and memory above its floor', () => {
    const limits = '{"memoryMi":64,"cpuMillicores":5000}';
    expect(violated(load({ ...SOUND, DEFAULT_RESOURCE_LIMITS: limits }))).toEqual([
      'defaultResourceLimits.cpuMillicores',
      'defaultResourceRequests.memoryMi',
    ]);
    const tiny = { DEFAULT_RESOURCE_LIMITS: '{"memoryMi":63}', DEFAULT_RESOURCE_REQUESTS: '{"memoryMi":32}' };
    expect(violated(load({ ...SOUND, ...tiny }))).toEqual(['defaultResourceLimits.memoryMi']);
  });

  it('lift the bound of maxTotalContainers with allowLargePools only', () => {
    expect(violated(load({ ...SOUND, MAX_TOTAL_CONTAINERS: '501' }))).toEqual(['maxTotalContainers']);
    expect(violated(load({ ...SOUND, MAX_TOTAL_CONTAINERS: '501', ALLOW_LARGE_POOLS: 'true' }))).toEqual([]);
    const beyond = { MAX_TOTAL_CONTAINERS: '100001', ALLOW_LARGE_POOLS: 'true' };
    expect(violated(load({ ...SOUND, ...beyond }))).toEqual(['maxTotalContainers']);
  });

  it('lift the bound of warm pools with allowLargePools only, for every runtime', () => {
    const many = { WARM_POOL_SIZE: '101', MAX_TOTAL_CONTAINERS: '400', RUNTIMES: '{"gvisor":{"warmPoolSize":102}}' };
    expect(violated(load({ ...SOUND, ...many }))).toEqual(['runtimes.gvisor.warmPoolSize', 'warmPoolSize']);
    expect(violated(load({ ...SOUND, ...many, ALLOW_LARGE_POOLS: 'true' }))).toEqual([]);
    expect(violated(load({ ...SOUND, WARM_POOL_SIZE: '-1' }))).toEqual(['warmPoolSize']);
  });

  it('refuse pools that the limit has no room for, all runtimes together', () => {
    const runtimes = { RUNTIMES: '{"gvisor":{},"runc":{"warmPoolSize":5}}' };
    expect(violated(load({ ...SOUND, ...runtimes, MAX_TOTAL_CONTAINERS: '25' }))).toEqual([]);
    const { violations } = load({ ...SOUND, ...runtimes, MAX_TOTAL_CONTAINERS: '24' });
    expect(violations).toMatchObject([{ key: 'warmPoolSize', value: 10 }]);
    expect(violations[0]?.rule).toContain('kata 10 + gvisor 10 + runc 5 = 25');
    expect(violated(load({ ...SOUND, MAX_TOTAL_CONTAINERS: '9' }))).toEqual(['warmPoolSize']);
    expect(violated(load({ ...SOUND, MAX_TOTAL_CONTAINERS: '9', RUNTIMES: '{"kata":{"warmPoolSize":0}}' }))).toEqual(
      [],
    );
  });

  it('bound what the pool and its leader may be told', () => {
    const low = {
      MAX_CONCURRENT_CREATES: '0',
      POOL_BACKFILL_CHECK_INTERVAL_SECONDS: '9',
      LEADER_LEASE_DURATION_SECONDS: '4',
    };
    const high = {
      MAX_CONCURRENT_CREATES: '101',
      POOL_BACKFILL_CHECK_INTERVAL_SECONDS: '301',
      LEADER_LEASE_DURATION_SECONDS: '61',
    };
    const all = ['leaderLeaseDurationSeconds', 'maxConcurrentCreates', 'poolBackfillCheckIntervalSeconds'];
    expect(violated(load({ ...SOUND, ...low }))).toEqual(all);
    expect(violated(load({ ...SOUND, ...high }))).toEqual(all);
  });

  it('bound what cleanup may be told', () => {
    const all = [
      'cleanupCheckIntervalMinutes',
      'idleTimeoutMinutes',
      'maxContainerLifetimeMinutes',
      'tombstoneMinutes',
    ];
    const variables = ['CLEANUP_CHECK_INTERVAL_MINUTES', 'IDLE_TIMEOUT_MINUTES', 'MAX_CONTAINER_LIFETIME_MINUTES'];
    const low = Object.fromEntries(variables.map((name) => [name, '0']));
    const high = Object.fromEntries(variables.map((name) => [name, '1441']));
    expect(violated(load({ ...SOUND, ...low, TOMBSTONE_MINUTES: '-1' }))).toEqual(all);
    expect(violated(load({ ...SOUND, ...high, TOMBSTONE_MINUTES: '1441' }))).toEqual(all);
    expect(violated(load({ ...SOUND, TOMBSTONE_MINUTES: '0' }))).toEqual([]);
  });

  it('check further runtimes as they check kata', () => {
    const runtimes = {
      docs: {},
      Upper: {},
      gvisor: { runtimeClassName: 'gvisor', defaultResourceLimits: { memory: '256Mi' } },
      tight: { defaultResourceLimits: { memoryMi: 100 }, podNamePrefix: '-', colour: 'red' },
      wrong: 'gvisor',
    };
    const loaded = load({ ...SOUND, RUNTIMES: JSON.stringify(runtimes) });
    expect(violated(loaded)).toEqual(['runtimes.tight.colour', 'runtimes.tight.podNamePrefix', 'runtimes.wrong']);
    const named = load({ ...SOUND, RUNTIMES: JSON.stringify({ docs: {}, Upper: {}, ['x'.repeat(64)]: {} }) });
    expect(violated(named)).toEqual(['runtimes.Upper', 'runtimes.docs', `runtimes.${'x'.repeat(64)}`]);
    const tight = load({ ...SOUND, RUNTIMES: '{"tight":{"defaultResourceLimits":{"memoryMi":100}}}' });
    expect(violated(tight)).toEqual(['runtimes.tight.defaultResourceRequests.memoryMi']);
    const good = load({ ...SOUND, RUNTIMES: JSON.stringify({ gvisor: runtimes.gvisor }) });
    expect(good.violations).toEqual([]);
    expect(good.options.runtimes.gvisor).toMatchObject({
      runtimeClassName: 'gvisor',
      defaultResourceLimits: { memoryMi: 256, cpuMillicores: 1000 },
    });
  });

  it('take allowed hosts as a list with commas or as JSON, without ports', () => {
    expect(load({ ...SOUND, ALLOWED_HOSTS: 'a.example, [::1],127.0.0.1' }).options.allowedHosts).toEqual([
      'a.example',
      '[::1]',
      '127.0.0.1',
    ]);
    expect(load({ ...SOUND, ALLOWED_HOSTS: '[]' }, { inCluster: false }).options.allowedHosts).toEqual([]);
    expect(violated(load({ ...SOUND, ALLOWED_HOSTS: 'a.example:8668' }))).toEqual(['allowedHosts']);
  });

  it('takes a domain of ports that is a name, and below which no other host is served', () => {
    const portsDomain = (value: string, more = {}): ReturnType<typeof load> =>
      load({ ...SOUND, PORTS_DOMAIN: value, ...more });
    for (const sound of ['localhost', 'ports.example.org', 'Ports.Example.Org', '3000.example'])
      expect(violated(portsDomain(sound))).toEqual([]);
    for (const wrong of ['.example.org', 'example.org.', 'example.org:8668', '*.example.org', '10.0.0.1', '::1', 'a b'])
      expect([wrong, violated(portsDomain(wrong))]).toEqual([wrong, ['portsDomain']]);
    const below = { ALLOWED_HOSTS: 'ports.example.org,API.Ports.example.org,example.org' };
    expect(violated(portsDomain('ports.example.org', below))).toEqual(['allowedHosts']);
    expect(violated(load({ ...SOUND, ...below }))).toEqual([]);
  });

  it('cannot be changed once they are loaded', () => {
    const { options } = load(SOUND);
    expect(() => Object.assign(options, { port: 1 })).toThrow(TypeError);
    expect(() => Object.assign(options.defaultResourceLimits, { memoryMi: 1 })).toThrow(TypeError);
  });

  it('are not polluted by keys that mean something to JavaScript', () => {
    const file = '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}';
    const loaded = load({ ...SOUND, RUNTIMES: '{"__proto__":{"polluted":true}}' }, { file });
    expect(violated(loaded)).toEqual(['__proto__', 'constructor', 'runtimes.__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
