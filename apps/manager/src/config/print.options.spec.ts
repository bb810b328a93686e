import { parse } from 'yaml';
import { readConfigFile } from './config.file.js';
import { loadManagerOptions } from './load.options.js';
import { printedOptions } from './print.options.js';

const KEY = 'a-key-that-nobody-may-see';

function printed(): string {
  const variables = { API_KEY: KEY, EXECUTOR_IMAGE: 'warmbox/executor:1', ALLOWED_HOSTS: 'a.example,b.example' };
  const file = 'runtimes: { gvisor: { runtimeClassName: gvisor } }\noutputRingMi: 64';
  return printedOptions(
    loadManagerOptions({
      variables,
      inCluster: true,
      file: { ...readConfigFile(file, 'warmbox.yaml'), path: 'warmbox.yaml' },
    }),
  );
}

describe('the printed options', () => {
  it('never show the API key', () => {
    expect(printed()).not.toContain(KEY);
    expect(printed()).toMatch(/^apiKey: "\*\*\*" # API_KEY$/m);
  });

  it('say where each value came from', () => {
    expect(printed()).toMatch(/^executorImage: warmbox\/executor:1 # EXECUTOR_IMAGE$/m);
    expect(printed()).toMatch(/^outputRingMi: 64 # warmbox\.yaml$/m);
    expect(printed()).toMatch(/^port: 8668 # default$/m);
    expect(printed()).toMatch(/^ {4}runtimeClassName: gvisor # warmbox\.yaml$/m);
    expect(printed()).toMatch(/^allowedHosts: \[ ?a\.example, b\.example ?\] # ALLOWED_HOSTS$/m);
  });

  it('are a file that CONFIG_FILE takes, but for the secrets', () => {
    const { apiKey, ...values } = parse(printed()) as Record<string, unknown>;
    expect(apiKey).toBe('***');
    const again = loadManagerOptions({
      variables: { API_KEY: KEY },
      inCluster: true,
      file: { values, warnings: [], path: 'printed.yaml' },
    });
    expect(again.violations).toEqual([]);
  });
});
