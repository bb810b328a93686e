import { systemFiles } from './system.files.js';

describe('systemFiles', () => {
  // Each fails only on a machine that has the file.
  it.each([
    '/etc/shadow',
    '/etc/sudoers',
    '/etc/environment',
    '/etc/npmrc',
    '/etc/pip.conf',
    '/etc/gitconfig',
    '/etc/maven/settings.xml',
    '/etc/ssl/private',
    '/etc/machine-id',
    '/etc/passwd',
  ])('shows neither %s nor a folder that it is in', (secret) => {
    const shown = systemFiles().shown.map(({ target }) => target);
    expect(shown).not.toHaveLength(0);
    expect(shown.filter((target) => `${secret}/`.startsWith(`${target}/`))).toEqual([]);
  });
});
