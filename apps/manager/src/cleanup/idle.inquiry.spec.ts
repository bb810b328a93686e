import { jest } from '@jest/globals';
import { ProblemError } from '@warmbox/platform';
import { aPod, atLeast, ExecutorDouble, FakeClock, waitFor, type AskedOfExecutor } from '@warmbox/testing';
import type { ExecutorClient, ExecutorRequest } from '../executors/executor.client.js';
import { clientOf } from '../executors/fixtures/client.of.js';
import { ExecutorConnections } from '../executors/executor.connections.js';
import { IdleInquiry, type IdleAnswer } from './idle.inquiry.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

const never = new AbortController().signal;
const conflict = new ProblemError('conflict', 'busy');

describe('the question whether a sandbox is idle', () => {
  let asked: ExecutorRequest[];
  beforeEach(() => {
    asked = [];
  });

  /** @param answers what the executor says, in turn: text of a body, nothing, or an error. */
  function inquiry(...answers: (string | Error | undefined)[]): IdleInquiry {
    const client = {
      ask: (_: unknown, request: ExecutorRequest) => {
        asked.push(request);
        const answer = answers.shift();
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? '');
      },
    } as unknown as ExecutorClient;
    return new IdleInquiry(client, new FakeClock());
  }

  it('seals the one that is', async () => {
    expect(await inquiry(undefined).ask(aPod(), 60, never)).toEqual({ state: 'sealed' });
    expect(asked).toMatchObject([{ method: 'POST', path: '/api/seal', body: '{"idleSeconds":60}' }]);
  });

  it('asks the one that is not for how long it has been', async () => {
    const answer = '{"running":0,"attached":0,"idleSeconds":12.5}';
    expect(await inquiry(conflict, answer).ask(aPod(), 60, never)).toEqual({ state: 'active', idleSeconds: 12.5 });
    expect(asked.map(({ path }) => path)).toEqual(['/api/seal', '/api/activity']);
  });

  for (const nonsense of ['', '{', 'null', '[]', '{"idleSeconds":"1"}', '{"idleSeconds":-1}', 'x'.repeat(100_000)]) {
    it(`takes ${JSON.stringify(nonsense.slice(0, 20))} for no answer`, async () => {
      expect(await inquiry(conflict, nonsense).ask(aPod(), 60, never)).toEqual({ state: 'unanswered' });
    });
  }

  for (const code of ['executor_timeout', 'executor_unreachable', 'not_ready'] as const) {
    it(`takes ${code} for no answer, to either question`, async () => {
      const error = new ProblemError(code, 'no answer');
      expect(await inquiry(error).ask(aPod(), 60, never)).toEqual({ state: 'unanswered' });
      expect(await inquiry(conflict, error).ask(aPod(), 60, never)).toEqual({ state: 'unanswered' });
    });
  }

  for (const code of ['kubernetes_unavailable', 'sandbox_gone'] as const) {
    it(`does not blame the executor for ${code}`, async () => {
      const error = new ProblemError(code, 'not its fault');
      await expect(inquiry(error).ask(aPod(), 60, never)).rejects.toBe(error);
      await expect(inquiry(conflict, error).ask(aPod(), 60, never)).rejects.toBe(error);
    });
  }

  it('tells the end of the lifetime as a time', async () => {
    await inquiry(undefined).warn(aPod(), Date.UTC(2026, 0, 1), never);
    expect(asked).toMatchObject([{ path: '/api/notice', body: '{"expiresAt":"2026-01-01T00:00:00.000Z"}' }]);
  });
});

describe('an executor that goes on answering without an end', () => {
  const pod = aPod({ ready: true, podIP: '127.0.0.1' });
  let clock: FakeClock;
  let executor: ExecutorDouble;
  let connections: ExecutorConnections;
  let inquiry: IdleInquiry;
  /** How many bytes have been dripped. */
  let drops: number;
  const drips: NodeJS.Timeout[] = [];

  beforeEach(async () => {
    clock = new FakeClock();
    drops = 0;
    executor = await ExecutorDouble.start();
    connections = new ExecutorConnections();
    for (const { ports } of pod.spec?.containers ?? [])
      for (const port of ports ?? []) port.containerPort = executor.port;
    inquiry = new IdleInquiry(clientOf(connections, { confirm: () => Promise.resolve(pod) }, clock), clock);
  });
  afterEach(async () => {
    for (const drip of drips.splice(0)) clearInterval(drip);
    await connections.close();
    await executor.stop();
  });

  const drip =
    (status: number) =>
    ({ response }: AskedOfExecutor): void => {
      response.writeHead(status, { 'content-type': status === 409 ? 'application/problem+json' : 'application/json' });
      const write = (): void => {
        response.write(' ');
        drops += 1;
      };
      drips.push(setInterval(write, 20));
    };
  const refuse = ({ response }: AskedOfExecutor): void => {
    const problem = { type: 'about:blank', title: 'busy', status: 409, code: 'conflict', detail: 'busy' };
    response.writeHead(409, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  };

  /** What comes of it, and whether it came before its time was up. */
  async function outcome(asked: Promise<unknown>): Promise<unknown> {
    let isOver = false;
    const settled = asked.catch((error: unknown) => error).finally(() => (isOver = true));
    await waitFor('it drips', () => drops, atLeast(4));
    await clock.advance(4_999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    const result = await settled;
    // What drips is cut off.
    await Promise.all(executor.asked.map(({ closed }) => closed));
    expect(clock.waiting).toBe(0);
    return result;
  }
  const unanswered: IdleAnswer = { state: 'unanswered' };

  it.each([
    ['its refusal', drip(409), drip(200)],
    ['its seal', drip(200), drip(200)],
    ['its activity', refuse, drip(200)],
  ])('gives no answer after five seconds, where it drips %s', async (_, sealed, activity) => {
    executor.on('POST seal', sealed).on('GET activity', activity);
    expect(await outcome(inquiry.ask(pod, 60, never))).toEqual(unanswered);
  });

  it('has heard no notice', async () => {
    executor.on('POST notice', drip(200));
    expect(await outcome(inquiry.warn(pod, 0, never))).toMatchObject({ code: 'executor_timeout' });
  });

  it('is given up at once where nobody wants to know any more', async () => {
    executor.on('POST seal', refuse).on('GET activity', drip(200));
    const controller = new AbortController();
    const asked = inquiry.ask(pod, 60, controller.signal);
    await waitFor('it drips', () => drops, atLeast(4));
    const reason = new Error('no longer');
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });
});
