import { canonicalQuantity } from './quantity.canonical.js';

/** What kube-apiserver 1.34 wrote back for what it was given. */
const WRITTEN: Record<string, string> = {
  '1000m': '1',
  '1500m': '1500m',
  '0.5': '500m',
  '.5': '500m',
  '1.5Gi': '1536Mi',
  '0.5Gi': '512Mi',
  '1024Ki': '1Mi',
  '2047Mi': '2047Mi',
  '2048Mi': '2Gi',
  '1000Mi': '1000Mi',
  '1.25Mi': '1280Ki',
  '0.1Ki': '102400m',
  '0.3Gi': '322122547200m',
  '1e3': '1e3',
  '3e1': '30',
  '1e-3': '1e-3',
  '1024e3': '1024e3',
  '1E': '1E',
  '1Ei': '1Ei',
  '0': '0',
  '0m': '0',
  '1.0': '1',
  '1000': '1k',
  '1024': '1024',
  '100000': '100k',
  '1000000k': '1G',
  '1.5k': '1500',
  '1n': '1m',
  '0.0001': '1m',
  '1.1m': '2m',
  '-5': '-5',
  '128974848000m': '128974848',
  '12345678901234567890': '12345678901234567890',
};

describe('canonicalQuantity', () => {
  it.each(Object.entries(WRITTEN))('writes %s as %s', (text, written) => {
    expect(canonicalQuantity(text)).toBe(written);
  });

  it.each(['', 'x', '2x', '1 Gi', '1.2.3', 'Mi', '--1', '1ki', '1e', '0x10'])('takes "%s" for no quantity', (text) => {
    expect(canonicalQuantity(text)).toBeUndefined();
  });
});
