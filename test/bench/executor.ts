/**
 * What an executor costs and gives, beside a naive server in the same run: the machine's speed changes within an hour.
 * `npm run bench:executor` builds it first. Prints medians and bests; fails where the executor misses one of its two fixed limits.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '../..');
const CONTENDERS = {
  executor: ['--enable-source-maps', join(ROOT, 'dist/executor/main.js')],
  naive: [join(import.meta.dirname, 'executor.naive.ts')],
};
type Contender = keyof typeof CONTENDERS;
const NAMES = ['executor', 'naive'] as const;

/** The limits of the executor: milliseconds to listening, mebibytes of anonymous memory while idle. */
const LIMITS = { start: 300, memory: 45 };
const STARTS = 5;
const MB = 1_000_000;
const ZEROS = 500 * MB;
const LINES = 12_000_000;
/** The bytes of `seq 1 LINES`. */
const LINES_BYTES = Array.from({ length: String(LINES).length }, (_, digits) => {
  const first = 10 ** digits;
  return (Math.min(LINES, first * 10 - 1) - first + 1) * (digits + 2);
}).reduce((sum, bytes) => sum + bytes, 0);

interface Server {
  child: ChildProcess;
  port: number;
  agent: Agent;
}

/** Sends a command, or with none asks for health; resolves with the time of the first byte of the body and of its end. */
async function ask(
  { port, agent }: Pick<Server, 'port' | 'agent'>,
  command?: string,
): Promise<{ first: number; end: number }> {
  const begun = performance.now();
  const outgoing = request({
    port,
    agent,
    host: '127.0.0.1',
    method: command === undefined ? 'GET' : 'POST',
    path: command === undefined ? '/healthz' : '/api/execute',
    headers: command === undefined ? {} : { 'content-type': 'application/json' },
  });
  outgoing.end(
    command === undefined ? undefined : JSON.stringify({ command, encoding: 'base64', timeoutSeconds: 120 }),
  );
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200)
    throw new Error(`${command ?? 'health'} was answered with ${String(answer.statusCode)}`);
  let first: number | undefined;
  for await (const chunk of answer) if ((chunk as Buffer).length > 0) first ??= performance.now() - begun;
  const end = performance.now() - begun;
  return { first: first ?? end, end };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Starts a contender; resolves with how long it took until it answered. */
async function start(contender: Contender, workspace: string): Promise<{ server: Server; ms: number }> {
  const port = await freePort();
  const agent = new Agent({ keepAlive: true });
  const begun = performance.now();
  const child = spawn(process.execPath, CONTENDERS[contender], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      PATH: process.env.PATH,
      EXECUTOR_AUTH: 'none',
      EXECUTOR_HOST: '127.0.0.1',
      EXECUTOR_PORT: String(port),
      EXECUTOR_WORKSPACE: workspace,
      EXECUTOR_LOG_LEVEL: 'warn',
    },
  });
  for (let attempt = 0; attempt < 2000; attempt += 1) {
    try {
      await ask({ port, agent });
      return { server: { child, port, agent }, ms: performance.now() - begun };
    } catch {
      await delay(3);
    }
  }
  child.kill('SIGKILL');
  throw new Error(`${contender} does not answer`);
}

async function stop({ child, agent }: Server): Promise<void> {
  agent.destroy();
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Anonymous memory in MiB (Linux only). */
async function memory({ child }: Server): Promise<number> {
  const status = await readFile(`/proc/${String(child.pid)}/status`, 'utf8').catch(() => '');
  return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** Commands a second with eight clients at once. */
async function rate(server: Server): Promise<number> {
  const begun = performance.now();
  let count = 0;
  const client = async (): Promise<void> => {
    while (performance.now() - begun < 700) {
      await ask(server, 'true');
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  return (count / (performance.now() - begun)) * 1000;
}

/** What is measured, and how often; the contenders take turns at every single one. */
const MEASURES: { name: string; times: number; isBestLow: boolean; of: (server: Server) => Promise<number> }[] = [
  { name: 'anonymous memory idle, MiB', times: 1, isBestLow: true, of: memory },
  { name: '`bash -c true` over HTTP, ms', times: 300, isBestLow: true, of: async (s) => (await ask(s, 'true')).end },
  { name: 'first byte, ms', times: 100, isBestLow: true, of: async (s) => (await ask(s, 'echo; sleep 0.01')).first },
  { name: '`bash -c true`, 8 at once, 1/s', times: 5, isBestLow: false, of: rate },
  {
    name: 'zeros, MB/s',
    times: 5,
    isBestLow: false,
    of: async (s) => ZEROS / 1000 / (await ask(s, `head -c ${ZEROS} /dev/zero`)).end,
  },
  {
    name: 'short lines, MB/s',
    times: 5,
    isBestLow: false,
    of: async (s) => LINES_BYTES / 1000 / (await ask(s, `seq 1 ${LINES}`)).end,
  },
  { name: 'anonymous memory afterwards, MiB', times: 1, isBestLow: true, of: memory },
];

function report(name: string, isBestLow: boolean, values: Record<Contender, number[]>): void {
  const cells = NAMES.flatMap((contender) => {
    const best = isBestLow ? Math.min(...values[contender]) : Math.max(...values[contender]);
    return [median(values[contender]), best].map((value) => value.toFixed(1).padStart(9));
  });
  process.stdout.write(`${name.padEnd(34)}${cells.join('')}\n`);
}

const workspace = await mkdtemp(join(tmpdir(), 'bench-executor-'));
const servers: Partial<Record<Contender, Server>> = {};
try {
  const starts: Record<Contender, number[]> = { executor: [], naive: [] };
  for (let round = 0; round < STARTS; round += 1) {
    for (const contender of NAMES) {
      const { server, ms } = await start(contender, workspace);
      starts[contender].push(ms);
      if (round < STARTS - 1) await stop(server);
      else servers[contender] = server;
    }
  }
  await delay(500);
  process.stdout.write(`${' '.repeat(34)}${NAMES.map((name) => name.padStart(9) + 'best'.padStart(9)).join('')}\n`);
  report('start to answering, ms', true, starts);
  for (const { name, times, isBestLow, of } of MEASURES) {
    const values: Record<Contender, number[]> = { executor: [], naive: [] };
    for (let turn = 0; turn < times; turn += 1) {
      for (const contender of NAMES) {
        const server = servers[contender];
        if (server !== undefined) values[contender].push(await of(server));
      }
    }
    report(name, isBestLow, values);
    if (name.includes('idle') && median(values.executor) > LIMITS.memory) process.exitCode = 1;
  }
  if (median(starts.executor) > LIMITS.start) process.exitCode = 1;
  if (process.exitCode === 1) process.stdout.write(`The limits are ${LIMITS.start} ms and ${LIMITS.memory} MiB.\n`);
} finally {
  for (const server of Object.values(servers)) await stop(server);
  await rm(workspace, { recursive: true, force: true });
}
