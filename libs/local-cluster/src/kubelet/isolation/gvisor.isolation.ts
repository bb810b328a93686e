import { spawn } from 'node:child_process';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { lstat, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { executorAnswers } from '../network/executor.answer.js';
import { WORKSPACE } from '../pod/pod.folder.js';
import { Family } from './family.js';
import { isRunning, spawnContained, type Container, type ContainerSpec, type Isolation } from './isolation.js';
import { layoutOf, type SandboxLayout } from './sandbox.layout.js';

/** Where the executor makes its socket, as it sees it. */
const SOCKETS = '/warmbox/socket';
const SOCKET_NAME = 'x';

/** The user's id inside; without root of its own gVisor knows no other. */
const UID = 0;

/** Bytes of /dev/shm, as much as container runtimes give. */
const SHARED_MEMORY = 64 * 1024 * 1024;

/** A kernel of its own for each sandbox, through gVisor's runsc; needs no root. */
export class GvisorIsolation implements Isolation {
  readonly name = 'gvisor';
  readonly isUnsafe = false;
  readonly description =
    'Sandboxes run in gVisor: a kernel of their own, no network, read-only system files and nothing of your home. No limit of memory, CPU or disk is enforced.';

  constructor(private readonly executable: string) {}

  async start(spec: ContainerSpec): Promise<Container> {
    const { id, folder } = spec;
    const bundle = join(folder.path, 'bundle');
    const state = join(folder.path, 'runsc');
    const sockets = join(folder.path, 'sockets');
    for (const path of [sockets, state]) await mkdir(path, { mode: 0o700 });
    writeBundle(bundle, withSocket(layoutOf(spec, UID), sockets), spec.hostname);
    for (const path of [sockets, state, bundle]) await folder.handOver(path);
    const flags = ['--root', state, '--rootless', '--ignore-cgroups', '--network=none', '--host-uds=create'];
    // TMPDIR is what the watchdog knows this process by; the sandbox's own processes die with it.
    const env = { PATH: process.env.PATH, TMPDIR: `${folder.path}/` };
    const { user } = folder;
    const args = [...flags, 'run', '--bundle', bundle, id];
    const { child, exited, output } = spawnContained(this.executable, args, { cwd: '/', env, user });
    // Its kernel and its file server are children that die with it.
    const family = new Family(child, { user });
    return {
      exited,
      output: () => output.text(),
      socket: (signal) => takeSocket(join(sockets, SOCKET_NAME), folder.socket, signal),
      terminate: () => {
        if (!isRunning(child)) return;
        const killer = spawn(this.executable, [...flags, 'kill', id, 'TERM'], {
          ...user,
          cwd: '/',
          stdio: 'ignore',
          env,
        });
        // Where it cannot be started the grace runs out, and `kill` does it.
        killer.on('error', () => undefined);
        killer.unref();
      },
      async kill() {
        await family.end();
        await exited;
      },
    };
  }
}

/**
 * gVisor cannot listen on a socket that it is given (EINVAL): the executor makes one in a folder that is shared for that. No
 * command can have run before the executor has answered for the first time, and by then its socket has moved to where no
 * guest can name it. What a guest does to the folder later nobody looks at.
 */
function withSocket(layout: SandboxLayout, sockets: string): SandboxLayout {
  return {
    ...layout,
    writable: [...layout.writable, { source: sockets, target: SOCKETS }],
    environment: { ...layout.environment, EXECUTOR_SOCKET: join(SOCKETS, SOCKET_NAME) },
  };
}

async function takeSocket(bound: string, own: string, signal: AbortSignal): Promise<string> {
  await executorAnswers(bound, signal);
  await rename(bound, own);
  if (!(await lstat(own)).isSocket()) throw new Error('What the executor has made is not a socket.');
  return own;
}

function writeBundle(bundle: string, layout: SandboxLayout, hostname: string): void {
  const root = join(bundle, 'root');
  const { links, shown, own, writable, argv, environment } = layout;
  for (const { source, target } of [...shown, ...writable]) {
    const path = join(root, target);
    const isFolder = statSync(source).isDirectory();
    mkdirSync(isFolder ? path : dirname(path), { recursive: true });
    if (!isFolder) writeFileSync(path, '');
  }
  for (const { target, to } of links) {
    mkdirSync(dirname(join(root, target)), { recursive: true });
    symlinkSync(to, join(root, target));
  }
  for (const { target, text } of own) writeFileSync(join(root, target), text);
  for (const name of ['proc', 'dev']) mkdirSync(join(root, name));
  const bind =
    (options: string[]) =>
    ({ source, target }: { source: string; target: string }) => ({
      destination: target,
      type: 'bind',
      source,
      options: ['rbind', ...options],
    });
  const config = {
    ociVersion: '1.0.0',
    process: {
      user: { uid: UID, gid: UID },
      args: argv,
      env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      cwd: WORKSPACE,
      capabilities: {},
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    hostname,
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      // Its devices can be written to, but nothing can be made beside them.
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['ro'] },
      { destination: '/dev/shm', type: 'tmpfs', source: 'tmpfs', options: [`size=${SHARED_MEMORY}`] },
      ...shown.map(bind(['ro'])),
      ...writable.map(bind(['rw'])),
    ],
    linux: { namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })) },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config), { mode: 0o600 });
}
