import { readAmounts } from './amounts.options.js';

describe('amounts of memory and CPU', () => {
  it.each([
    ['numbers', { memoryMi: 512, cpuMillicores: 1000 }, { memoryMi: 512, cpuMillicores: 1000 }],
    ['numbers as text', { memoryMi: '512', cpuMillicores: ' 250 ' }, { memoryMi: 512, cpuMillicores: 250 }],
    ['quantities', { memory: '1.5Gi', cpu: '250m' }, { memoryMi: 1536, cpuMillicores: 250 }],
    ['plain quantities', { memory: 134_217_728, cpu: 2 }, { memoryMi: 128, cpuMillicores: 2000 }],
  ])('are read from %s', (_what, value, expected) => {
    expect(readAmounts(value)).toEqual(expected);
  });

  it('stay as they are where they say nothing, for the rules to refuse', () => {
    expect(readAmounts({ memoryMi: 'much', cpu: '1 core' })).toEqual({ memoryMi: 'much', cpuMillicores: '1 core' });
    expect(readAmounts('512Mi')).toBe('512Mi');
  });
});
