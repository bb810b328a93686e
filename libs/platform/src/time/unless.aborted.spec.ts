import { unlessAborted } from './unless.aborted.js';

describe('unlessAborted', () => {
  it('brings what the work brings, and leaves no listener', async () => {
    const { signal } = new AbortController();
    const listening: string[] = [];
    signal.addEventListener = (type: string): void => void listening.push(type);
    signal.removeEventListener = (): void => void listening.pop();
    expect(await unlessAborted(signal, Promise.resolve(1))).toBe(1);
    await expect(unlessAborted(signal, Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(listening).toEqual([]);
  });

  it('does not wait for work that looks at its signal late, nor hears of its failure then', async () => {
    const ending = new AbortController();
    const work = Promise.withResolvers<number>();
    const result = unlessAborted(ending.signal, work.promise);
    const reason = new Error('enough');
    ending.abort(reason);
    await expect(result).rejects.toBe(reason);
    work.reject(new Error('late'));
    await new Promise((resolve) => void setImmediate(resolve));
    await expect(unlessAborted(ending.signal, Promise.resolve(1))).rejects.toBe(reason);
  });
});
