import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openIsolations } from '../fixtures/isolations.js';
import { executorAnswers } from '../network/executor.answer.js';
import { PodFolder } from '../pod/pod.folder.js';
import type { Container } from './isolation.js';
import { placeProgram } from './program.files.js';

const EXECUTOR = join(import.meta.dirname, '../fixtures/executor.mjs');
const { root, guests, working } = await openIsolations();

afterAll(() => rm(root, { recursive: true, force: true }));

describe.each(working)('the world inside: %s', (name, isolation) => {
  let folder: PodFolder;
  let container: Container;
  let socketPath: string;

  beforeAll(async () => {
    folder = await PodFolder.create(join(root, `world-${name}`), {}, guests.users.take());
    const placed = await placeProgram([process.execPath, EXECUTOR], join(root, `program-${name}`));
    const argv = await guests.programs.reachable(placed);
    container = await isolation.start({ id: `world-${process.pid}`, hostname: 'pod-1', argv, environment: {}, folder });
    const signal = AbortSignal.timeout(20_000);
    socketPath = await container.socket(signal);
    await executorAnswers(socketPath, signal);
  });
  afterAll(async () => {
    await container.kill();
    await folder.remove();
  });

  /** Its output, both streams. */
  function output(command: string): Promise<string> {
    return post('/output', command);
  }

  function post(path: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      request(
        { socketPath, method: 'POST', path, agent: false },
        (response) => void text(response).then(resolve, reject),
      )
        .on('error', reject)
        .end(body);
    });
  }

  // A plain process sees this machine as it is.
  if (name !== 'plain') describeOwnSystem();

  function describeOwnSystem(): void {
    it('resolves localhost and its own name', async () => {
      expect(await output('hostname')).toBe('pod-1\n');
      for (const host of ['localhost', '$(hostname)'])
        expect(await output(`getent hosts ${host}; echo $?`)).toMatch(/\n0\n$/);
    });

    it('has a home that passwd and HOME agree upon, and that can be written to', async () => {
      expect(
        await output('getent passwd "$(id -u)" | cut -d: -f6; echo "$HOME"; echo ~; test -w "$HOME"; echo $?'),
      ).toBe('/workspace\n/workspace\n/workspace\n0\n');
      expect(await output('id -un; id -gn')).not.toContain('cannot');
    });

    it("has what the system's programs link to in /etc", async () => {
      const folders = ['/usr/lib/jvm', '/usr/share/maven', '/usr/lib/ssl/certs', '/usr/bin'].filter((path) =>
        existsSync(path),
      );
      const dangling = `find -L ${folders.join(' ')} -type l 2>/dev/null | sort`;
      expect(await output(dangling)).toBe(execFileSync('/bin/sh', ['-c', dangling], { encoding: 'utf8' }));
    });

    it('has nothing of /etc that may hold a secret, or that says who may do what', async () => {
      const names = [
        'shadow',
        'sudoers',
        'ssh',
        'ssl/private',
        'environment',
        'npmrc',
        'pip.conf',
        'gitconfig',
        'machine-id',
      ];
      expect(await output(`cd /etc; ls -d ${names.join(' ')} 2>/dev/null`)).toBe('');
    });

    it('cannot change its system', async () => {
      expect(await output('for f in /etc/x /etc/hosts /usr/x /x; do touch $f 2>/dev/null && echo $f; done')).toBe('');
    });

    it('has shared memory with a bound, and terminals', async () => {
      expect(await output('head -c 70000000 /dev/zero > /dev/shm/x; stat -c %s /dev/shm/x; rm /dev/shm/x')).toMatch(
        /^67108864\n.*No space left on device/s,
      );
      expect(await output('echo kept > /dev/null; head -c 3 /dev/zero | wc -c; ls /dev/pts/ptmx')).toBe(
        '3\n/dev/pts/ptmx\n',
      );
    });

    it('cannot fill /dev', async () => {
      expect(await output('touch /dev/x; mkdir /dev/y')).toMatch(/^(.*Read-only file system\n){2}$/);
    });

    it('does not tell where its program lies on this machine', async () => {
      const seen = await output('cat /proc/self/mountinfo /proc/mounts');
      expect(seen).toContain(' /workspace ');
      expect(seen).not.toContain(dirname(EXECUTOR));
      expect(seen).not.toContain(dirname(process.execPath));
    });
  }

  it('keeps no more of what it prints than a few lines', async () => {
    await post('/print', `${'x'.repeat(1_000_000)}the end`);
    await post('/exit', '0');
    await container.exited;
    const kept = await container.output();
    expect(kept).toMatch(/^x+the end$/);
    expect(kept.length).toBe(2_048);
  });
});
