import { ageOf } from './columns.js';

const NOW = Date.UTC(2026, 5, 1);

describe('ageOf', () => {
  it.each([
    { seconds: 0, age: '0s' },
    { seconds: 119, age: '119s' },
    { seconds: 120, age: '2m' },
    { seconds: 599, age: '9m59s' },
    { seconds: 600, age: '10m' },
    { seconds: 179 * 60, age: '179m' },
    { seconds: 3 * 3600 + 300, age: '3h5m' },
    { seconds: 47 * 3600, age: '47h' },
    { seconds: 3 * 86_400 + 7200, age: '3d2h' },
    { seconds: 700 * 86_400, age: '700d' },
    { seconds: 731 * 86_400, age: '2y1d' },
    { seconds: -5, age: '0s' },
  ])('writes $seconds s as $age', ({ seconds, age }) => {
    expect(ageOf(new Date(NOW - seconds * 1000).toISOString(), NOW)).toBe(age);
  });

  it('says that it does not know where there is no time', () => {
    expect(ageOf(undefined, NOW)).toBe('<unknown>');
  });
});
