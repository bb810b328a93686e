import { jest } from '@jest/globals';
import { aPod, atLeast, ExecutorDouble, FakeClock, waitFor, type AskedOfExecutor } from '@warmbox/testing';
import { clientOf } from '../executors/fixtures/client.of.js';
import { ExecutorConnections } from '../executors/executor.connections.js';
import { IdleCheck } from './idle.check.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

const never = new AbortController().signal;

describe('an executor that goes on answering without an end', () => {
  const pod = aPod({ ready: false, podIP: '127.0.0.1' });
  let clock: FakeClock;
  let executor: ExecutorDouble;
  let connections: ExecutorConnections;
  let check: IdleCheck;
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
    const client = clientOf(connections, { confirm: () => Promise.resolve(pod) }, clock);
    check = new IdleCheck(client, { stamp: () => undefined }, { get: () => undefined }, clock);
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

  it.each([
    ['its refusal', drip(409), drip(200)],
    ['its seal', drip(200), drip(200)],
    ['its activity', refuse, drip(200)],
  ])('gives no answer after five seconds, where it drips %s', async (_, sealed, activity) => {
    executor.on('POST seal', sealed).on('GET activity', activity);
    expect(await outcome(check.check(pod, 60, {}, never))).toMatchObject({
      progress: { failedProbes: { count: 1 } },
    });
  });

  it('has heard no notice', async () => {
    executor.on('POST notice', drip(200));
    expect(await outcome(check.warn(pod, 0, never))).toMatchObject({ code: 'executor_timeout' });
  });

  it('is given up at once where nobody wants to know any more', async () => {
    executor.on('POST seal', refuse).on('GET activity', drip(200));
    const controller = new AbortController();
    const asked = check.check(pod, 60, {}, controller.signal);
    await waitFor('it drips', () => drops, atLeast(4));
    const reason = new Error('no longer');
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });
});
