import { readFile } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { EXECUTE_BODY_MAX_BYTES, STDIN_MAX_BYTES } from '@warmbox/contracts';
import type { LocalSystem } from '@warmbox/testing/harness';
import { parse } from 'yaml';
import { DIST, startLocalSystem } from './suite.js';

interface Deployment {
  spec: { template: { spec: { containers: { resources: { limits: { memory: string } } }[] } } };
}

interface Told {
  status: number;
  retryAfter?: string;
  text: string;
}

/** What a client may be told; that the one executor is late is what a busy machine may bring. */
const REFUSALS = [
  { status: 503, retryAfter: '1', code: 'overloaded' },
  { status: 504, retryAfter: undefined, code: 'executor_timeout' },
];

describe('the bodies of many requests at once', () => {
  let system: LocalSystem;
  let name: string;
  /** Bytes that a manager may have in a cluster. */
  let limit: number;

  beforeAll(async () => {
    const manifest = await readFile(join(DIST, '..', 'k8s', 'base', 'manager.deployment.yaml'), 'utf8');
    const { memory } = (parse(manifest) as Deployment).spec.template.spec.containers[0]!.resources.limits;
    limit = Number(/^(\d+)Mi$/.exec(memory)?.[1]) * 2 ** 20;
    // What Node gives the heap by itself where it has that limit.
    system = await startLocalSystem({ environment: { NODE_OPTIONS: `--max-old-space-size=${limit / 2 ** 21}` } });
    ({ name } = await system.managers[0]!.client.create({ resources: { limits: { memoryMi: 2048 } } }));
  });
  afterAll(() => system.stop());

  /** The most memory that the manager has ever had, in bytes. */
  async function peak(): Promise<number> {
    const status = await readFile(`/proc/${system.managers[0]!.child.process.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** A connection each, as many clients have; one that is kept, since Node breaks off others while their bodies are still on the way. */
  function execute(body: Buffer): Promise<Told> {
    const agent = new Agent({ keepAlive: true });
    return new Promise<Told>((resolve, reject) => {
      const outgoing = httpRequest(`${system.managers[0]!.url}/api/kata/${name}/execute`, {
        method: 'POST',
        agent,
        headers: {
          'x-api-key': system.apiKey,
          'content-type': 'application/json',
          accept: 'application/json',
          'content-length': body.length,
        },
      });
      outgoing.once('error', reject).once('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', reject).once('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            retryAfter: answer.headers['retry-after'],
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      outgoing.end(body);
    }).finally(() => agent.destroy());
  }

  async function atOnce(count: number, body: Buffer): Promise<Map<number, number>> {
    const answers = await Promise.all(Array.from({ length: count }, () => execute(body)));
    for (const { status, retryAfter, text } of answers) {
      if (status === 200) expect(JSON.parse(text)).toMatchObject({ exitCode: 0, stdout: `${STDIN_MAX_BYTES - 1}\n` });
      else expect(REFUSALS).toContainEqual({ status, retryAfter, code: (JSON.parse(text) as { code: string }).code });
    }
    return new Map([...Map.groupBy(answers, ({ status }) => status)].map(([status, all]) => [status, all.length]));
  }

  /** A command with the longest stdin that there may be. */
  function bodyOf(character: string): Buffer {
    const stdin = character.repeat((STDIN_MAX_BYTES - 1) / Buffer.byteLength(character));
    return Buffer.from(JSON.stringify({ command: 'wc -c', stdin }));
  }

  it.each([
    ['12 with a stdin of 1 MiB', 12, bodyOf('€')],
    ['100 with a stdin of 1 MiB', 100, bodyOf('€')],
    ['12 whose stdin is all escapes', 12, bodyOf('\u0001')],
    [
      '40 of the largest there are',
      40,
      Buffer.concat([bodyOf('€'), Buffer.alloc(EXECUTE_BODY_MAX_BYTES - bodyOf('€').length, ' ')]),
    ],
  ])('take no more memory than a manager has, and are served or told to come again: %s', async (_, count, body) => {
    const statuses = await atOnce(count, body);
    expect(statuses.get(200)).toBeGreaterThan(0);
    expect(await peak()).toBeLessThan(limit);
    // And then there is room again.
    expect((await execute(body)).status).toBe(200);
  });

  it('take no room while their commands run: it is free as soon as a stream begins', async () => {
    const { client } = system.managers[0]!;
    const leaving = new AbortController();
    const request = { command: 'head -c 3; sleep 600', stdin: '€'.repeat(STDIN_MAX_BYTES / 3) };
    // In two sandboxes, which have 64 MiB each for what commands have not read yet.
    const { name: other } = await client.create();
    // More than a manager has room for at once. Kept: who drops a stream leaves it.
    const streams = [];
    for (let count = 0; count < 70; count += 1) {
      const { events } = await client.executeStreaming(count % 2 === 0 ? name : other, request, leaving.signal);
      await events.next();
      streams.push(events);
    }
    expect(streams).toHaveLength(70);
    expect((await client.executions(other)).filter(({ state }) => state === 'running')).toHaveLength(35);
    expect(await peak()).toBeLessThan(limit);
    leaving.abort();
  });
});
