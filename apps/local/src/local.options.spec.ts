import { OptionsError } from '@warmbox/platform/options';
import { localOptions, runtimeClassesOf } from './local.options.js';

describe('localOptions', () => {
  it('has defaults for everything', () => {
    expect(localOptions({})).toMatchObject({
      port: 8668,
      isolation: 'auto',
      targetNamespace: 'sandbox-containers',
      runtimeClassName: 'kata-qemu',
    });
  });

  it('makes a new API key each time, unless one is given', () => {
    const made = localOptions({}).apiKey;
    expect(made).toMatch(/^[0-9a-f]{48}$/);
    expect(localOptions({}).apiKey).not.toBe(made);
    expect(localOptions({ API_KEY: 'a-key-of-my-own' }).apiKey).toBe('a-key-of-my-own');
  });

  it.each([
    ['PORT', '99999'],
    ['PORT', 'http'],
    ['ISOLATION', 'docker'],
    ['API_KEY', 'with space'],
    ['TARGET_NAMESPACE', 'Not_One'],
    ['RUNTIMES', '[]x'],
  ])('refuses %s=%s', (variable, value) => {
    expect(() => localOptions({ [variable]: value })).toThrow(OptionsError);
  });
});

describe('runtimeClassesOf', () => {
  it("has those of the manager's runtimes, each once", () => {
    const options = localOptions({
      RUNTIME_CLASS_NAME: 'kata-clh',
      RUNTIMES: JSON.stringify({ fast: { runtimeClassName: 'runc' }, mine: { runtimeClassName: 'mine' }, odd: {} }),
    });
    expect(runtimeClassesOf(options)).toEqual(['kata-qemu', 'gvisor', 'runc', 'kata-clh', 'mine']);
  });
});
