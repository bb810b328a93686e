import { StartError } from '@warmbox/platform';
import { readConfigFile } from './config.file.js';

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
