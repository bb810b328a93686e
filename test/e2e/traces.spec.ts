import { randomBytes } from 'node:crypto';
import { freePort, TraceCollector, waitFor, type CollectedSpan } from '@warmbox/testing';
import type { WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

type LocalSystem = Awaited<ReturnType<typeof startLocalSystem>>;

const SECRET = 'of-nobodys-business';

/** A client's own trace. */
function aTrace(flags = '01'): { traceId: string; parentId: string; traceparent: string } {
  const traceId = randomBytes(16).toString('hex');
  const parentId = randomBytes(8).toString('hex');
  return { traceId, parentId, traceparent: `00-${traceId}-${parentId}-${flags}` };
}

describe('traces', () => {
  let collector: TraceCollector;
  let system: LocalSystem;
  let client: WarmboxClient;
  let name: string;

  beforeAll(async () => {
    collector = await TraceCollector.start();
    system = await startLocalSystem({
      environment: {
        WARM_POOL_SIZE: '1',
        OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/otlp/`,
        OTEL_EXPORTER_OTLP_HEADERS: `x-team=a%20team,x-token=${SECRET}`,
        OTEL_BSP_SCHEDULE_DELAY: '100',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      },
    });
    client = system.clients[0]!;
    await waitFor('the pool is full', () => client.poolStatus(), { state: 'full' });
  });
  afterAll(async () => {
    await system.stop();
    await collector.stop();
  });

  async function ask(
    method: string,
    path: string,
    { body, ...headers }: Record<string, unknown> & { body?: unknown },
  ): Promise<Response> {
    const response = await client.fetch(method, path, { body, headers: headers as Record<string, string> });
    expect(response.status).toBeLessThan(300);
    return response;
  }

  /** The spans of a trace, once those with these names are there. */
  async function spansOf(traceId: string, ...names: string[]): Promise<(name: string) => CollectedSpan> {
    const told = (): string[] => collector.of(traceId).map((span) => span.name);
    await waitFor(`spans ${names.join(', ')}`, told, (all) => names.every((each) => all.includes(each)), 15_000);
    return (name) => collector.of(traceId).find((span) => span.name === name)!;
  }

  it('of an allocation have its claim and the requests that it makes', async () => {
    const { traceId, parentId, traceparent } = aTrace();
    const body = { userId: 'ada', environmentVariables: { SECRET } };
    const sandbox = (await (await ask('POST', '/api/kata/allocate', { body, traceparent })).json()) as { name: string };
    ({ name } = sandbox);
    const span = await spansOf(
      traceId,
      'allocateSandbox',
      'claim',
      'kubernetes patch pods',
      'executor PUT /api/environment',
    );
    expect(span('allocateSandbox')).toMatchObject({
      kind: 'server',
      parentId,
      isError: false,
      attributes: {
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'http.route': '/api/:runtime/allocate',
        'warmbox.runtime': 'kata',
        'warmbox.tenant': 'default',
      },
      resource: { 'service.name': 'warmbox-manager', 'deployment.environment.name': 'test' },
    });
    expect(span('claim')).toMatchObject({
      kind: 'internal',
      parentId: span('allocateSandbox').spanId,
      attributes: { 'warmbox.sandbox': name, 'warmbox.claimed': true },
    });
    expect(span('kubernetes patch pods')).toMatchObject({
      kind: 'client',
      parentId: span('claim').spanId,
      attributes: { 'http.response.status_code': 200 },
    });
    expect(span('executor PUT /api/environment')).toMatchObject({
      kind: 'client',
      parentId: span('allocateSandbox').spanId,
      attributes: { 'warmbox.sandbox': name },
    });
  });

  it('of a command go through the manager and the executor into the command', async () => {
    const { traceId, parentId, traceparent } = aTrace();
    const body = { command: `echo $TRACEPARENT ${SECRET}; exit 3`, environmentVariables: { SECRET } };
    const answer = await ask('POST', `/api/kata/${name}/execute`, { body, traceparent, tracestate: 'rojo=1' });
    const text = await answer.text();
    const span = await spansOf(traceId, 'execute', 'execution');
    expect(span('execute')).toMatchObject({ kind: 'server', parentId, tracestate: 'rojo=1' });
    const { spanId, attributes, start, end } = span('execution');
    expect(span('execution').parentId).toBe(span('execute').spanId);
    expect(text).toContain(`00-${traceId}-${spanId}-01 `);
    expect(attributes).toMatchObject({
      'process.exit.code': 3,
      'process.pid': expect.any(Number) as number,
      'warmbox.execution.id': answer.headers.get('x-execution-id'),
      'warmbox.execution.outcome': 'completed',
      'warmbox.execution.output_bytes': 55 + 1 + SECRET.length + 1,
      'warmbox.sandbox': name,
    });
    expect(end).toBeGreaterThan(start);
    expect(span('execute').end).toBeGreaterThanOrEqual(end);
  });

  it.each([
    ['application/json', { 'process.exit.code': 124, 'warmbox.execution.outcome': 'timed_out' }],
    ['application/x-ndjson', { 'process.exit.code': 124, 'warmbox.execution.outcome': 'timed_out' }],
  ])('tell how a command ended that is answered as %s', async (accept, attributes) => {
    const { traceId, traceparent } = aTrace();
    const body = { command: 'sleep 60', timeoutSeconds: 1 };
    await (await ask('POST', `/api/kata/${name}/execute`, { body, accept, traceparent })).text();
    const span = await spansOf(traceId, 'execution');
    expect(span('execution').attributes).toMatchObject(attributes);
  });

  it('of a creation last until the sandbox is ready', async () => {
    const { traceId, traceparent } = aTrace();
    // What no warm sandbox is.
    const body = { resources: { limits: { memoryMi: 300, cpuMillicores: 1000 } } };
    const accept = 'application/json';
    const created = (await (await ask('POST', '/api/kata', { body, accept, traceparent })).json()) as { name: string };
    const span = await spansOf(traceId, 'createSandbox', 'bring to ready', 'kubernetes create pods');
    expect(span('bring to ready')).toMatchObject({
      parentId: span('createSandbox').spanId,
      attributes: { 'warmbox.sandbox': created.name },
      isError: false,
    });
    expect(span('kubernetes create pods').parentId).toBe(span('createSandbox').spanId);
  });

  it('name what went wrong by its code', async () => {
    const { traceId, traceparent } = aTrace();
    const { status } = await client.fetch('GET', '/api/kata/nobody', { headers: { traceparent } });
    expect(status).toBe(404);
    const span = await spansOf(traceId, 'getSandbox');
    expect(span('getSandbox')).toMatchObject({
      attributes: { 'error.type': 'sandbox_not_found', 'http.response.status_code': 404 },
      isError: false,
    });
  });

  it('are not made where the client’s flag says so, and the command is told that', async () => {
    const unsampled = aTrace('00');
    const body = { command: 'echo $TRACEPARENT' };
    const path = `/api/kata/${name}/execute`;
    const text = await (await ask('POST', path, { body, traceparent: unsampled.traceparent })).text();
    expect(text).toMatch(new RegExp(`00-${unsampled.traceId}-[0-9a-f]{16}-00`));
    const later = aTrace();
    await (await ask('POST', path, { body, traceparent: later.traceparent })).text();
    await spansOf(later.traceId, 'execute', 'execution');
    expect(collector.of(unsampled.traceId)).toEqual([]);
  });

  it('begin here where the client has none, or none that counts', async () => {
    const body = { command: 'echo $TRACEPARENT' };
    const traceparent = `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`;
    const text = await (await ask('POST', `/api/kata/${name}/execute`, { body, traceparent })).text();
    const [, traceId = ''] = /00-([0-9a-f]{32})-[0-9a-f]{16}-01/.exec(text) ?? [];
    const span = await spansOf(traceId, 'execute');
    expect(span('execute').parentId).toBe('');
  });

  it('are in the log’s lines of their requests', async () => {
    const { traceId, traceparent } = aTrace();
    await client.fetch('GET', '/api/kata/nobody', { headers: { traceparent, 'x-request-id': 'with-a-trace' } });
    const lines = (): string[] => system.managers[0]!.child.output.split('\n').filter((line) => line.includes(traceId));
    await waitFor('its line', lines, { length: 1 });
    expect(JSON.parse(lines()[0]!)).toMatchObject({ trace_id: traceId, requestId: 'with-a-trace' });
  });

  it('are of no probe, no scrape, and no work of the manager’s own', async () => {
    await client.fetch('GET', '/metrics');
    await client.fetch('GET', '/readyz');
    const { traceId, traceparent } = aTrace();
    await client.fetch('GET', '/api/kata', { headers: { traceparent } });
    await spansOf(traceId, 'listSandboxes');
    const first = new Set(collector.spans.filter(({ parentId }) => parentId === '').map((span) => span.kind));
    expect([...first]).toEqual(['server']);
    const names = new Set(collector.spans.map((span) => span.name));
    for (const unwanted of ['getMetrics', 'getReadiness', 'getLiveness']) expect(names).not.toContain(unwanted);
  });

  it('have no secret in them, and go where the options say', () => {
    expect(
      JSON.stringify(collector.spans, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value)),
    ).not.toContain(SECRET);
    expect(new Set(collector.requests.map(({ path }) => path))).toEqual(new Set(['/otlp/v1/traces']));
    expect(collector.requests[0]!.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'x-team': 'a team',
      'x-token': SECRET,
    });
    expect(system.managers[0]!.child.output).not.toContain(SECRET);
  });
});

describe('traces without a collector', () => {
  it('hold up nothing, are counted, and said once', async () => {
    const port = await freePort();
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    const system = await startLocalSystem({ cluster: { hollow: { readyAfterMs: 10 } }, environment });
    try {
      const [client] = system.clients as [WarmboxClient];
      const failed = async (): Promise<number> => {
        await client.list();
        const text = await (await client.fetch('GET', '/metrics')).text();
        return Number(/^warmbox_trace_spans_total\{outcome="failed"\} (\d+)$/m.exec(text)?.[1]);
      };
      await waitFor('spans are lost', failed, (count) => count > 0, 20_000);
      const before = await failed();
      await waitFor('more are lost', failed, (count) => count > before, 20_000);
      const { output } = system.managers[0]!.child;
      expect(output.split('the collector takes no spans')).toHaveLength(2);
    } finally {
      await system.stop();
    }
  });
});
