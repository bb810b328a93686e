import { jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openIsolations } from '../fixtures/isolations.js';
import { atLeast, hasSucceeded, orError, waitFor } from '@warmbox/testing';
import { processesWith } from '../fixtures/processes.js';
import { PodFolder } from '../pod/pod.folder.js';
import type { Container, Isolation } from './isolation.js';

// Processes start; on a busy machine they take their time.
jest.setTimeout(60_000);

const { root, guests, working } = await openIsolations();
const { users } = guests;

afterAll(() => rm(root, { recursive: true, force: true }));

/** Runs a script, leaves what it prints in the workspace, and ends as it does. */
const RUN = `
const { spawnSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const { EXECUTOR_WORKSPACE: workspace = '/workspace', SCRIPT } = process.env;
const { status, stdout, stderr } = spawnSync('/bin/bash', ['-c', SCRIPT], { encoding: 'utf8' });
writeFileSync(workspace + '/out', stdout + stderr);
process.exit(status ?? 99);
`;

interface Started {
  /** In the command line of its main process. */
  id: string;
  folder: PodFolder;
  container: Container;
}

const stops: (() => Promise<void>)[] = [];

async function start(isolation: Isolation, script: string): Promise<Started> {
  const id = `walls-${randomUUID().slice(0, 8)}`;
  const user = users.take();
  const folder = await PodFolder.create(join(root, id), {}, user);
  const argv = await guests.programs.reachable([process.execPath, '-e', `/* ${id} */ ${RUN}`]);
  const container = await isolation.start({ id, hostname: 'pod', argv, environment: { SCRIPT: script }, folder });
  stops.push(async () => {
    await container.kill();
    await folder.remove();
    users.release(user);
  });
  return { id, folder, container };
}

async function outputOf(isolation: Isolation, script: string): Promise<string> {
  const { folder, container } = await start(isolation, script);
  await container.exited;
  return readFile(join(folder.sourceOf('/workspace'), 'out'), 'utf8');
}

/** Whom this machine takes a process for: its real, effective, saved and file system user. */
function usersOf(pid: number): number[] {
  const [, line = ''] = /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return line.split('\t').map(Number);
}

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

describe.each(working)('the walls of %s', (name, isolation) => {
  it('keep guests from being root on this machine, and where the launcher is root from being the same user', async () => {
    const started = [await start(isolation, 'sleep 300'), await start(isolation, 'sleep 300')];
    const seen = new Set<string>();
    for (const { id, folder } of started) {
      await waitFor('it runs', () => processesWith(id), { length: atLeast(1) });
      for (const pid of processesWith(id)) {
        expect(usersOf(pid)).toEqual(Array(4).fill(folder.user?.uid ?? process.getuid?.()));
        seen.add(String(usersOf(pid)));
      }
    }
    if (process.getuid?.() === 0) expect(seen.size).toBe(2);
  });

  it('leave nothing running of one that is ended while it starts', async () => {
    const ids = [];
    for (let count = 0; count < 12; count += 1) {
      const { id, container } = await start(isolation, 'sleep 300');
      // A little later each time: bubblewrap and runsc are somewhere on their way.
      await new Promise((resolve) => setTimeout(resolve, count * 2));
      await container.kill();
      ids.push(id);
    }
    expect(ids.filter((id) => processesWith(id).length > 0)).toEqual([]);
  });

  it('let a guest name its processes as it likes, and end no stranger for it', async () => {
    const stranger = spawn('/bin/sleep', ['301'], { detached: true, stdio: 'ignore' });
    const strangerEnded = once(stranger, 'exit');
    const { folder, container } = await start(
      isolation,
      `printf '\\n) S 1 ${stranger.pid}' > /proc/$$/comm
       (printf ') S 1 ${stranger.pid}' > /proc/$BASHPID/comm; setsid sleep 302; :) &
       touch "\${EXECUTOR_WORKSPACE:-/workspace}/named"; sleep 302; :`,
    );
    const file = join(folder.sourceOf('/workspace'), 'named');
    await waitFor('the processes have their names', () => orError(readFile(file)), hasSucceeded);
    await container.kill();
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    expect(() => process.kill(stranger.pid ?? 0, 0)).not.toThrow();
    stranger.kill();
    await strangerEnded;
  });

  if (name !== 'gvisor') {
    it('end what has left session, group and environment behind', async () => {
      const seconds = `300.${Math.floor(Math.random() * 1e9)}`;
      // Without a parent and without a mark a plain one is found by its user alone.
      const isFound = name !== 'plain' || users.areOthers;
      const command = `setsid env -i /bin/sleep ${seconds}`;
      const { container } = await start(isolation, isFound ? `(${command} &); sleep 303` : `${command} & sleep 303`);
      await waitFor('it runs', () => processesWith(seconds), { length: atLeast(1) });
      await container.kill();
      expect(processesWith(`sleep ${seconds}`)).toEqual([]);
    });

    it('let nobody write to what of /proc is the machine’s', async () => {
      const paths = '/proc/sys /proc/irq /proc/bus /proc/fs /proc/sysrq-trigger';
      // Everybody may open this one; who has no capability is refused when he writes.
      const open = name === 'plain' ? '! -name ns_last_pid' : '';
      expect(await outputOf(isolation, `find ${paths} -writable ${open} 2> /dev/null; echo end`)).toBe('end\n');
    });
  }

  if (name === 'bubblewrap') {
    it('show /proc/sys for reading, and hide what tells of the machine', async () => {
      expect(await outputOf(isolation, 'cat /proc/sys/kernel/ostype')).toBe('Linux\n');
      // What is hidden is /dev/null, which cannot be opened there.
      const list = "find /proc -path '/proc/[0-9]*' -prune -o -writable ! -type l -print 2> /dev/null";
      expect(await outputOf(isolation, `${list} | while read -r file; do [ -c $file ] || echo $file; done`)).toBe('');
      expect(await outputOf(isolation, ': > /proc/sys/kernel/hostname')).toMatch(/Read-only file system|Permission/);
      expect(await outputOf(isolation, 'cat /proc/keys /proc/kcore | wc -c')).toMatch(/^0$/m);
    });

    it('hold system calls to the filter', async () => {
      // keyctl, add_key, request_key, perf_event_open, userfaultfd, unshare, setns, io_uring_setup, socket(AF_VSOCK)
      const denied = {
        x64: [250, 248, 249, 298, 323, 272, 308, 425, 41],
        arm64: [219, 217, 218, 241, 282, 97, 268, 425, 198],
      };
      const numbers = denied[process.arch as keyof typeof denied];
      const calls = `for (${numbers.join(', ')}, 435, 500) { $! = 0; syscall($_, 40, 1, 0, 0, 0); print $! + 0, "\\n" }`;
      const answers = (await outputOf(isolation, `perl -e '${calls}'`)).trim().split('\n').map(Number);
      expect(answers).toEqual([...numbers.map(() => 1), 38, 38]);
    });

    it('have no way into further user namespaces, and let threads and processes be started', async () => {
      expect(await outputOf(isolation, 'unshare --user true || echo refused')).toContain('refused');
      expect(await outputOf(isolation, 'cat /proc/sys/user/max_user_namespaces; (echo child) | cat')).toMatch(
        /child\n$/,
      );
      expect(await outputOf(isolation, 'grep -E "^(Seccomp|NoNewPrivs|CapEff):" /proc/self/status')).toMatch(
        /CapEff:\s0+\nNoNewPrivs:\s1\nSeccomp:\s2\n/,
      );
    });
  }
});
