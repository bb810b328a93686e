import { AllowedHosts, hostOf } from './allowed.hosts.js';

const LOOPBACK = new AllowedHosts(['localhost', '127.0.0.1', '::1']);

describe('the allowed hosts', () => {
  it.each([
    ['localhost'],
    ['localhost:8668'],
    ['LOCALHOST:1'],
    ['localhost.'],
    ['localhost.:8668'],
    ['127.0.0.1:8668'],
    ['[::1]'],
    ['[::1]:8668'],
    ['[0:0:0:0:0:0:0:1]:8668'],
  ])('are met by %s', (host) => {
    expect(LOOPBACK.allows(host, undefined)).toBe(true);
  });

  it.each([
    ['evil.example'],
    ['evil.example:8668'],
    ['localhost.evil.example'],
    ['evil.example#localhost'],
    ['localhost@evil.example'],
    ['localhost:8668@evil.example'],
    ['localhost, evil.example'],
    ['127.0.0.1.evil.example'],
    ['127.0.0.2'],
    ['2130706433'],
    ['[::2]'],
    ['[::1'],
    ['::1'],
    [''],
    [':8668'],
    ['localhost:port'],
    [undefined],
  ])('are not met by %s', (host) => {
    expect(LOOPBACK.allows(host, undefined)).toBe(false);
  });

  it('hold for a target in absolute form as well', () => {
    expect(LOOPBACK.allows('localhost', 'localhost:8668')).toBe(true);
    expect(LOOPBACK.allows('localhost', 'evil.example')).toBe(false);
    expect(LOOPBACK.allows('evil.example', 'localhost')).toBe(false);
  });

  it('may be written with brackets, in capitals and with a dot at the end', () => {
    const hosts = new AllowedHosts(['[2001:DB8::1]', 'Warmbox.Example.']);
    expect(hosts.allows('[2001:db8:0::1]:80', undefined)).toBe(true);
    expect(hosts.allows('warmbox.example', undefined)).toBe(true);
  });

  it('are any where none is named', () => {
    expect(new AllowedHosts([]).allows('evil.example', undefined)).toBe(true);
    expect(new AllowedHosts([]).allows(undefined, undefined)).toBe(true);
  });
});

describe('the host of an authority', () => {
  it.each([
    ['a.example:80', 'a.example'],
    ['[::FFFF]:80', '::ffff'],
    ['a b', undefined],
    ['[a.example]', undefined],
  ])('of %s is %s', (authority, host) => {
    expect(hostOf(authority)).toBe(host);
  });
});
