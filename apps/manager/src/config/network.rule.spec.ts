import { isNetwork } from './network.rule.js';

describe('a network', () => {
  it.each(['10.0.0.0/8', '192.0.2.1', '192.0.2.1/32', '0.0.0.0/0', '2001:db8::/32', '::1', '::/0'])(
    'is %s',
    (value) => {
      expect(isNetwork(value)).toBe(true);
    },
  );

  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '::/129',
    'proxy.example',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    1,
    null,
  ])('is not %p', (value) => {
    expect(isNetwork(value)).toBe(false);
  });
});
