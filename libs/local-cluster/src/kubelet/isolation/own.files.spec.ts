import { ownFiles } from './own.files.js';

describe('ownFiles', () => {
  const textOf = (target: string, uid = 1000): string =>
    ownFiles('pod-1', uid, '/workspace').find((file) => file.target === target)?.text ?? '';

  it('name the user, whose home is the workspace', () => {
    expect(textOf('/etc/passwd')).toContain('sandbox:x:1000:1000:sandbox:/workspace:/bin/bash\n');
    expect(textOf('/etc/group')).toContain('sandbox:x:1000:\n');
  });

  it('give root that home where the user is root, and name no id twice', () => {
    expect(textOf('/etc/passwd', 0)).toContain('root:x:0:0:root:/workspace:/bin/bash\n');
    for (const uid of [0, 1000, 65_534]) {
      const ids = textOf('/etc/passwd', uid).trim().split('\n');
      expect(new Set(ids.map((line) => line.split(':')[2])).size).toBe(ids.length);
    }
  });

  it('resolve localhost and the own name', () => {
    expect(textOf('/etc/hosts')).toContain('127.0.0.1 localhost\n');
    expect(textOf('/etc/hosts')).toContain('127.0.0.1 pod-1\n');
    expect(textOf('/etc/hostname')).toBe('pod-1\n');
  });
});
