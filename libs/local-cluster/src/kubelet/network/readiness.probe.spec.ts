import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterResult, BEFORE_FIRST_PROBE, periodOf, probe, type ProbeSpec } from './readiness.probe.js';

describe('afterResult', () => {
  it.each<[string, string, ProbeSpec, boolean[]]>([
    ['is ready after one success', '+', {}, [true]],
    ['is not ready after a first failure', '-', {}, [false]],
    ['stays ready until three failures in a row', '+--+---', {}, [true, true, true, true, true, true, false]],
    ['counts failures in a row only', '+-+-+-', { failureThreshold: 2 }, [true, true, true, true, true, true]],
    ['waits for as many successes as it is told', '+-++', { successThreshold: 2 }, [false, false, false, true]],
    ['is ready again after one success', '+-+', { failureThreshold: 1 }, [true, false, true]],
  ])('%s', (_, results, spec, expected) => {
    let row = BEFORE_FIRST_PROBE;
    const seen = Array.from(results, (result) => (row = afterResult(row, result === '+', spec)).isReady);
    expect(seen).toEqual(expected);
  });
});

describe('periodOf', () => {
  it("is Kubernetes' ten seconds unless told", () => {
    expect(periodOf({})).toBe(10_000);
    expect(periodOf({ periodSeconds: 1 })).toBe(1_000);
  });
});

describe('probe', () => {
  let folder: string;
  let server: Server | undefined;
  const spec: ProbeSpec = { httpGet: { path: '/healthz', port: 8666 }, timeoutSeconds: 1 };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
  });
  afterEach(async () => {
    server?.closeAllConnections();
    server?.close();
    await rm(folder, { recursive: true });
  });

  async function serve(listener: RequestListener): Promise<string> {
    const path = join(folder, 'x');
    server = createServer(listener).listen(path);
    await once(server, 'listening');
    return path;
  }

  it.each([
    [200, true],
    [399, true],
    [404, false],
    [503, false],
  ])('takes status %i for %s', async (status, expected) => {
    const path = await serve((request, response) =>
      response.writeHead(request.url === '/healthz' ? status : 500).end(),
    );
    expect(await probe(spec, path)).toBe(expected);
  });

  it('fails where nobody listens', async () => {
    expect(await probe(spec, join(folder, 'nobody'))).toBe(false);
  });

  it('fails where no answer comes in time', async () => {
    const path = await serve(() => undefined);
    expect(await probe({ ...spec, timeoutSeconds: 0.05 }, path)).toBe(false);
  });

  it('fails where an answer breaks off', async () => {
    const path = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      response.socket?.destroySoon();
    });
    expect(await probe(spec, path)).toBe(false);
  });

  it("sends the spec's headers", async () => {
    const path = await serve((request, response) => response.writeHead(request.headers['x-probe'] ? 200 : 500).end());
    const httpHeaders = [{ name: 'X-Probe', value: 'yes' }];
    expect(await probe({ httpGet: { path: '/', port: 8666, httpHeaders } }, path)).toBe(true);
  });
});
