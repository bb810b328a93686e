import { greeting } from './greeting.js';
import type { Running } from './launcher.js';

const running: Running = {
  url: 'http://localhost:8668',
  apiKey: 'the-key',
  kubectlConfig: '/tmp/warmbox-x/kubectl.yaml',
  namespace: 'sandbox-containers',
  isolation: { name: 'bubblewrap', description: 'Namespaces.', isUnsafe: false },
};

describe('greeting', () => {
  it('says what to open and which key to use', () => {
    const text = greeting(running);
    expect(text).toContain('http://localhost:8668/api/docs');
    expect(text).toContain('API key   the-key');
  });

  it('has lines to paste that carry the key', () => {
    const lines = greeting(running)
      .split('\n')
      .filter((line) => line.includes('curl '));
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toContain("-H 'x-api-key: the-key'");
  });

  it('leads kubectl to the cluster', () => {
    expect(greeting(running)).toContain('--kubeconfig /tmp/warmbox-x/kubectl.yaml -n sandbox-containers');
  });

  it('names the isolation, and warns of one that is none', () => {
    expect(greeting(running)).toContain('Isolation: bubblewrap. Namespaces.');
    expect(greeting(running)).not.toContain('WARNING');
    const plain = { name: 'plain', description: 'None.', isUnsafe: true } as const;
    expect(greeting({ ...running, isolation: plain })).toContain('WARNING: plain. None.');
  });
});
