import { Concurrency } from './concurrency.js';

describe('Concurrency', () => {
  it('never runs more tasks at a time than its limit, and all of them in their order', async () => {
    const concurrency = new Concurrency(3);
    let running = 0;
    let most = 0;
    const started: number[] = [];
    const tasks = Array.from({ length: 20 }, (_, index) =>
      concurrency.run(async () => {
        started.push(index);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return index;
      }),
    );
    expect(await Promise.all(tasks)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(started).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(most).toBe(3);
  });

  it('gives the place of a task that failed to the next one', async () => {
    const concurrency = new Concurrency(1);
    const failed = concurrency.run(() => Promise.reject(new Error('no')));
    const next = concurrency.run(() => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
