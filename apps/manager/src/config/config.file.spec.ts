import { StartError } from '@warmbox/platform';
import { readConfigFile, textOf } from './config.file.js';

describe('a configuration file', () => {
  it('is YAML or JSON in our form', () => {
    expect(readConfigFile('port: 1\nruntimes:\n  gvisor: {}', 'f')).toEqual({
      values: { port: 1, runtimes: { gvisor: {} } },
      warnings: [],
    });
    expect(readConfigFile('{"port": 1}', 'f').values).toEqual({ port: 1 });
    expect(readConfigFile('', 'f').values).toEqual({});
  });

  it("is the original's appsettings.json as .NET reads it: byte order mark, comments, trailing commas, any case", () => {
    const text = `\uFEFF// settings
{
  "Serilog": { "MinimumLevel": "Information" }, /* not ours */
  "AllowedHosts": "*",
  "KataContainerManager": {
    "TargetNamespace": "boxes", // where
    "DefaultImage": "registry.example/executor:1//x",
    "PODREADYTIMEOUTSECONDS": "60",
    "DefaultResourceRequests": { "MemoryMi": 128, "CpuMillicores": 250, },
    "DefaultResourceLimits": { "Memory": "1Gi", "Cpu": "2" },
    "CleanupCompletedPods": true,
    "WarmPoolSize": 12,
    "PoolBackfillCheckIntervalSeconds": 20,
    "LeaderLeaseDurationSeconds": "30",
    "Connection": { "ServerUrl": null, "Token": null },
  },
}`;
    const { values, warnings } = readConfigFile(text, 'appsettings.json');
    expect(values).toEqual({
      targetNamespace: 'boxes',
      executorImage: 'registry.example/executor:1//x',
      podReadyTimeoutSeconds: 60,
      defaultResourceRequests: { memoryMi: 128, cpuMillicores: 250 },
      defaultResourceLimits: { memory: '1Gi', cpu: '2' },
      warmPoolSize: 12,
      poolBackfillCheckIntervalSeconds: 20,
      leaderLeaseDurationSeconds: 30,
      cleanupCompletedPods: true,
    });
    expect(warnings).toEqual(['KataContainerManager.Connection in appsettings.json is not in use.']);
  });

  it('takes the booleans of .NET in any case, as text too', () => {
    for (const text of ['true', '"True"', '"TRUE"', '"tRUE"', '" true "']) {
      const { values } = readConfigFile(`{"KataContainerManager": {"CleanupCompletedPods": ${text}}}`, 'f');
      expect(values).toEqual({ cleanupCompletedPods: true });
    }
    for (const text of ['True', 'TRUE', 'true']) {
      expect(readConfigFile(`cleanupCompletedPods: ${text}`, 'f').values).toEqual({ cleanupCompletedPods: true });
    }
    expect(readConfigFile('{"KataContainerManager": {"CleanupCompletedPods": "no"}}', 'f').values).toEqual({
      cleanupCompletedPods: 'no',
    });
  });

  it('is an appsettings.json that says nothing to us, where it has no section of ours', () => {
    const text = '{"Logging": {"LogLevel": {"Default": "Information"}}, "AllowedHosts": "*", "Kestrel": {}}';
    expect(readConfigFile(text, 'f')).toEqual({ values: {}, warnings: [] });
  });

  it('warns of options that were written beside the section instead of into it', () => {
    const { values, warnings } = readConfigFile('{"Logging": {}, "WarmPoolSize": 3, "DefaultImage": "x"}', 'f');
    expect(values).toEqual({});
    expect(warnings).toEqual([
      'WarmPoolSize in f is not in use: it belongs into the section KataContainerManager.',
      'DefaultImage in f is not in use: it belongs into the section KataContainerManager.',
    ]);
  });

  it('is ours, to be refused by its unknown key, where one key is written as ours are', () => {
    expect(readConfigFile('{"Logging": {}, "warmPoolSize": 3}', 'f').values).toEqual({ Logging: {}, warmPoolSize: 3 });
    expect(readConfigFile('WarmPoolSize: 3', 'f').values).toEqual({ WarmPoolSize: 3 });
  });

  it('has the section’s keys also in one with its name', () => {
    const text =
      '{"KataContainerManager:WarmPoolSize": 3, "katacontainermanager:DefaultResourceLimits:MemoryMi": "600"}';
    expect(readConfigFile(text, 'f').values).toEqual({ warmPoolSize: 3, defaultResourceLimits: { memoryMi: '600' } });
  });

  it('merges what a YAML merge key names, under what stands beside it', () => {
    const text = `runtimes:
  small: &small
    runtimeClassName: gvisor
    warmPoolSize: 1
  large:
    <<: *small
    warmPoolSize: 4`;
    expect(readConfigFile(text, 'f').values).toEqual({
      runtimes: {
        small: { runtimeClassName: 'gvisor', warmPoolSize: 1 },
        large: { runtimeClassName: 'gvisor', warmPoolSize: 4 },
      },
    });
    expect(readConfigFile('a: &a {x: 1}\nb: &b {y: 2}\nc: {<<: [*a, *b], y: 3}', 'f').values.c).toEqual({ x: 1, y: 3 });
  });

  it.each([
    ['UTF-8', Buffer.from('port: 1')],
    ['UTF-8 with its mark', Buffer.from('\uFEFFport: 1')],
    ['UTF-16, as PowerShell writes it', Buffer.from('\uFEFFport: 1', 'utf16le')],
    ['UTF-16 the other way round', Buffer.from('\uFEFFport: 1', 'utf16le').swap16()],
  ])('is read in %s', (_encoding, bytes) => {
    expect(readConfigFile(textOf(bytes), 'f').values).toEqual({ port: 1 });
  });

  it.each([
    ['a list', '- port'],
    ['text', 'port'],
    ['broken JSON', '{"port": }'],
    ['broken YAML', 'port: [1'],
    ['a section that is no object', '{"KataContainerManager": 5}'],
  ])('is refused by name where it holds %s', (_what, text) => {
    expect(() => readConfigFile(text, 'warmbox.yaml')).toThrow(StartError);
    expect(() => readConfigFile(text, 'warmbox.yaml')).toThrow(/warmbox\.yaml/);
  });
});
