import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EXECUTOR_FLAGS } from '@warmbox/platform';
import { freePort } from '@warmbox/testing';
import { Client } from './client.js';

/** Of the bundled bench. */
export const DIST = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCES = join(DIST, '../test/bench/execute');
const REFERENCE = join(DIST, 'bench/reference');

/** Milliseconds between two questions to one that starts, and after which it is given up. */
const ASK_MS = 3;
const START_MS = 20_000;

/** A server of commands that can be started as often as one likes. */
export interface Contender {
  name: string;
  argv: string[];
}

/** The whole of Node's part in a server that starts: what the start of everything else in Node is compared with. */
const LEAST = "require('node:http').createServer((_, a) => a.end()).listen(process.env.EXECUTOR_PORT, '127.0.0.1')";
export const NODE_ALONE: Contender = { name: 'node -e', argv: [process.execPath, '-e', LEAST] };

/** The executor as it ships, and what it is compared with. Without Go on the PATH its reference is left out. */
export async function contenders(print: (line: string) => void): Promise<Contender[]> {
  const executor = [process.execPath, ...EXECUTOR_FLAGS, join(DIST, 'executor/main.js')];
  const naive = [process.execPath, join(SOURCES, 'naive.mjs')];
  const found: Contender[] = [{ name: 'executor', argv: executor }];
  if (await buildReference(print)) found.push({ name: 'go', argv: [REFERENCE] });
  return [...found, { name: 'naive', argv: naive }];
}

async function buildReference(print: (line: string) => void): Promise<boolean> {
  const source = join(SOURCES, 'reference.go');
  const times = await Promise.all([source, REFERENCE].map((path) => stat(path).catch(() => undefined)));
  const [written = Infinity, built = -Infinity] = times.map((found) => found?.mtimeMs);
  if (built > written) return true;
  await mkdir(dirname(REFERENCE), { recursive: true });
  try {
    await promisify(execFile)('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', REFERENCE, source]);
    return true;
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code !== 'ENOENT';
    if (isThere) throw error;
    print('Go is not on the PATH: its reference is left out.');
    return false;
  }
}

/** One that runs. */
export class Server {
  private constructor(
    readonly name: string,
    readonly child: ChildProcess,
    readonly client: Client,
    /** From its start to its first answer, in milliseconds. */
    readonly startMs: number,
  ) {}

  /** @param probe loads the event loop's probe into it first; its messages come to `child` */
  static async start({ name, argv }: Contender, workspace: string, probe = false): Promise<Server> {
    const port = await freePort();
    const [program = '', ...args] = argv;
    const probed = probe ? ['--import', join(SOURCES, 'loop.probe.mjs'), ...args] : args;
    const env = {
      PATH: process.env.PATH,
      EXECUTOR_AUTH: 'none',
      EXECUTOR_HOST: '127.0.0.1',
      EXECUTOR_PORT: String(port),
      EXECUTOR_WORKSPACE: workspace,
      EXECUTOR_LOG_LEVEL: 'warn',
    };
    const client = new Client({ url: `http://127.0.0.1:${port}/api/execute` });
    const begun = performance.now();
    const child = spawn(program, probed, {
      cwd: workspace,
      env,
      stdio: ['ignore', 'inherit', 'inherit', ...(probe ? (['ipc'] as const) : [])],
    });
    while (performance.now() - begun < START_MS) {
      if (await client.isThere()) return new Server(name, child, client, performance.now() - begun);
      await delay(ASK_MS);
    }
    child.kill('SIGKILL');
    throw new Error(`${name} does not answer`);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async stop(): Promise<void> {
    this.client.close();
    this.child.kill('SIGTERM');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }
}

/** Node's spawn with nothing around it, in a process of its own. */
export class BareSpawn {
  private readonly child: ChildProcess;

  constructor() {
    this.child = spawn(process.execPath, [join(SOURCES, 'bare.mjs')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** So many at once for so many milliseconds, or so many in all: how long each took. */
  async load(atOnce: number, forMs: number, most: number): Promise<{ times: number[]; seconds: number }> {
    this.child.send({ atOnce, forMs, most });
    const [result] = (await once(this.child, 'message')) as [{ times: number[]; seconds: number }];
    return result;
  }

  async stop(): Promise<void> {
    this.child.kill();
    await once(this.child, 'exit');
  }
}
