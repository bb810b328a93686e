import { CallQueue } from './call.queue.js';

describe('CallQueue', () => {
  it('lets as many be under way as it may, in order, also where some of them fail', async () => {
    const queue = new CallQueue(3);
    const begun: number[] = [];
    const ends: PromiseWithResolvers<number>[] = [];
    const calls = Array.from({ length: 8 }, (_, index) =>
      queue.run(() => {
        begun.push(index);
        ends[index] = Promise.withResolvers<number>();
        return ends[index].promise;
      }),
    );
    const settled = Promise.allSettled(calls);
    for (let ended = 0; ended < 8; ended += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(begun).toEqual(Array.from({ length: Math.min(8, ended + 3) }, (_, index) => index));
      if (ended % 2 === 0) ends[ended]!.resolve(ended);
      else ends[ended]!.reject(new Error(String(ended)));
    }
    expect((await settled).map(({ status }) => status)).toEqual(
      Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? 'fulfilled' : 'rejected')),
    );
    expect(await queue.run(() => Promise.resolve('next'))).toBe('next');
  });

  it('gives a turn back that a call has thrown in', async () => {
    const queue = new CallQueue(1);
    const broken = (): Promise<never> => {
      throw new Error('at once');
    };
    await expect(queue.run(broken)).rejects.toThrow('at once');
    expect(await queue.run(() => Promise.resolve('next'))).toBe('next');
  });
});
