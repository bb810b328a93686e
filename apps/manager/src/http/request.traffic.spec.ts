import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { atLeast, waitFor } from '@warmbox/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { RequestTraffic } from './request.traffic.js';

const MIB = 1_048_576;

describe('the traffic of requests', () => {
  let fastify: FastifyInstance;
  let registry: Registry;
  let agent: Agent;
  let stream: PassThrough;

  beforeEach(async () => {
    registry = new Registry();
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    stream = new PassThrough();
    fastify = Fastify({ bodyLimit: 16 * MIB });
    fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    new RequestTraffic(registry).of(fastify);
    fastify.post('/upload', { config: { operation: 'postToPort' } }, () => 'ok');
    fastify.get('/download', { config: { operation: 'getFromPort' } }, () => Buffer.alloc(MIB));
    fastify.get('/stream', { config: { operation: 'execute' } }, (_request, reply) => reply.send(stream));
    fastify.get('/odd/:status', { config: { operation: 'getFromPort' } }, (request, reply) =>
      reply.status(Number((request.params as { status: string }).status)).send('odd'),
    );
    fastify.get('/none', { config: { operation: 'getSandbox' } }, (_request, reply) => {
      reply.hijack();
      reply.raw.destroy();
    });
    await fastify.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(async () => {
    agent.destroy();
    stream.destroy();
    await fastify.close();
  });

  function ask(method: string, path: string, body?: Buffer): Promise<IncomingMessage> {
    const { port } = fastify.server.address() as AddressInfo;
    const headers = body === undefined ? {} : { 'content-length': String(body.length) };
    const asking = httpRequest({ port, host: '127.0.0.1', method, path, agent, headers });
    asking.end(body);
    return once(asking, 'response').then(([answer]) => answer as IncomingMessage);
  }

  async function figure(name: string, labels: string): Promise<number> {
    const text = await registry.getSingleMetricAsString(`warmbox_http_${name}`);
    return Number(new RegExp(`^warmbox_http_${name}\\{${labels}\\} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
  }

  it('is what was sent and received, by operation, on a connection that carries one after another', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      await buffer(await ask('POST', '/upload', Buffer.alloc(3 * MIB)));
      await buffer(await ask('GET', '/download'));
    }
    await waitFor('all are over', () => figure('requests_total', 'operation="getFromPort",status="200"'), 2);
    const up = await figure('received_bytes_total', 'operation="postToPort"');
    const down = await figure('sent_bytes_total', 'operation="getFromPort"');
    // With the heads.
    expect([Math.floor(up / MIB), Math.floor(down / MIB)]).toEqual([6, 2]);
    expect(await figure('received_bytes_total', 'operation="getFromPort"')).toBeLessThan(2_000);
    expect(await figure('sent_bytes_total', 'operation="postToPort"')).toBeLessThan(2_000);
    expect(await figure('requests_total', 'operation="postToPort",status="200"')).toBe(2);
  });

  it('grows while an answer streams, which is open until it ends', async () => {
    stream.write('begin');
    const answer = await ask('GET', '/stream');
    answer.resume();
    expect(await figure('open_requests', 'operation="execute"')).toBe(1);
    stream.write(Buffer.alloc(MIB));
    await waitFor('it is counted', () => figure('sent_bytes_total', 'operation="execute"'), atLeast(MIB));
    stream.end();
    await once(answer, 'end');
    await waitFor('it is over', () => figure('open_requests', 'operation="execute"'), 0);
    expect(await figure('sent_bytes_total', 'operation="execute"')).toBeLessThan(MIB + 2_000);
  });

  it('counts statuses that are no standard’s as one, however many a server in a sandbox makes up', async () => {
    for (const status of [299, 418, 599]) await buffer(await ask('GET', `/odd/${status}`));
    await waitFor('all are counted', () => figure('requests_total', 'operation="getFromPort",status="other"'), 2);
    expect(await figure('requests_total', 'operation="getFromPort",status="418"')).toBe(1);
  });

  it('counts what was not answered, and nothing that is no operation', async () => {
    await expect(ask('GET', '/none')).rejects.toThrow();
    await waitFor('it is over', () => figure('requests_total', 'operation="getSandbox",status="none"'), 1);
    await buffer(await ask('GET', '/nowhere'));
    expect(await registry.getSingleMetricAsString('warmbox_http_requests_total')).not.toContain('404');
  });
});
