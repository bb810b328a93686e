import { PassThrough } from 'node:stream';
import { Logger } from '@nestjs/common';
import { MEDIA, ProblemError } from '@warmbox/platform';
import { aPod, FakeClock } from '@warmbox/testing';
import { Registry } from 'prom-client';
import { aPrincipal } from '../http/fixtures/a.principal.js';
import { ExecutionAttacher } from './execution.attacher.js';
import { ExecutionMetrics } from './execution.metrics.js';
import { executeRequest } from './execution.requests.js';
import type { BoundAnswer } from '../executors/executor.answer.js';
import { DisconnectNotice } from './disconnect.notice.js';
import { OpenStreams } from '../executors/open.streams.js';

const POD = aPod({ ready: true });
const REQUEST = executeRequest({ command: 'true' }, MEDIA.eventStream, { requestId: 'r' });

describe('ExecutionAttacher', () => {
  let clock: FakeClock;
  let disconnecting: AbortController;
  let body: PassThrough;
  let isBound: boolean;
  let told: string[];
  let answers: PromiseWithResolvers<BoundAnswer>;
  let streams: OpenStreams;
  let attacher: ExecutionAttacher;
  const attach = (request = REQUEST): ReturnType<ExecutionAttacher['attach']> =>
    attacher.attach(POD, request, { principal: aPrincipal(), requestId: 'r', disconnected: disconnecting.signal });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeAll(() => void Logger.overrideLogger(false));
  afterAll(() => void Logger.overrideLogger(['log', 'warn', 'error']));
  beforeEach(() => {
    clock = new FakeClock();
    disconnecting = new AbortController();
    body = new PassThrough();
    body.on('error', () => undefined);
    told = [];
    isBound = true;
    answers = Promise.withResolvers();
    const client = {
      send: (_: unknown, __: unknown, signal: AbortSignal) => {
        signal.addEventListener('abort', () => answers.reject(signal.reason));
        return answers.promise;
      },
      explainLoss: () => Promise.resolve(new ProblemError('executor_unreachable', 'lost')),
      ask: () => Promise.reject(new Error('nothing is asked')),
    };
    const never = new AbortController().signal;
    streams = new OpenStreams({ subscribe: () => () => undefined }, never, () => Promise.reject(new Error()), clock);
    const notice = new DisconnectNotice(client, clock);
    notice.tell = (_, id) => void told.push(id);
    attacher = new ExecutionAttacher(client, streams, notice, clock, new ExecutionMetrics(new Registry()));
  });

  const unbind = (): void => void (isBound = false);

  async function attached(): Promise<void> {
    answers.resolve({ status: 200, headers: { 'x-execution-id': 'x1' }, body, unbind });
    const answer = await attach();
    answer?.body?.on('error', () => undefined).resume();
    await turn();
  }

  it('bounds the time of a result only until it begins: a client may take it as slowly as it wants', async () => {
    answers.resolve({ status: 200, headers: { 'x-execution-id': 'x1' }, body, unbind });
    const answer = await attach({ ...REQUEST, media: MEDIA.json });
    body.write('\n');
    await turn();
    expect(isBound).toBe(true);
    body.end('{}');
    await answer?.begins;
    expect(isBound).toBe(false);
  });

  it('tells of nobody who leaves with the end of the stream still on the way', async () => {
    await attached();
    body.end('data: {}\n\n');
    await turn();
    disconnecting.abort();
    expect(told).toEqual([]);
    expect(streams.size).toBe(0);
  });

  it('tells of nobody who leaves after the stream was lost, for it is to come back', async () => {
    await attached();
    body.destroy(new Error('reset'));
    await turn();
    disconnecting.abort();
    expect(told).toEqual([]);
  });

  it('tells of a client whose leaving was first noticed by its stream', async () => {
    await attached();
    body.destroy(Object.assign(new Error('aborted'), { code: 'UND_ERR_ABORTED' }));
    await turn();
    disconnecting.abort();
    expect(told).toEqual(['x1']);
  });

  it('tells of a client that left before the answer, and answers nothing', async () => {
    const attaching = attach();
    disconnecting.abort();
    answers.resolve({ status: 200, headers: { 'x-execution-id': 'x1' }, body, unbind });
    await expect(attaching).resolves.toBeUndefined();
    expect(told).toEqual(['x1']);
    expect(body.destroyed).toBe(true);
  });

  it('gives up where the answer does not come for five seconds after the client has left', async () => {
    const attaching = attach();
    disconnecting.abort();
    await clock.advance(4_999);
    expect(streams.size).toBe(1);
    await clock.advance(1);
    await expect(attaching).resolves.toBeUndefined();
    expect(streams.size).toBe(0);
    expect(told).toEqual([]);
  });

  it('starts nothing for a client that is gone already', async () => {
    disconnecting.abort();
    await expect(attach()).resolves.toBeUndefined();
    expect(streams.size).toBe(0);
  });

  it('does not take an answer without an id', async () => {
    answers.resolve({ status: 200, headers: {}, body, unbind });
    await expect(attach()).rejects.toMatchObject({ code: 'executor_unreachable' });
    expect(body.destroyed).toBe(true);
    await turn();
    expect(streams.size).toBe(0);
  });
});
