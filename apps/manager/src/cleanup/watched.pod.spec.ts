import { WatchedPod } from './watched.pod.js';

describe('a pod that cleanup watches', () => {
  let watched: WatchedPod;
  let over: PromiseWithResolvers<number>;
  let signal: AbortSignal;
  let results: number[];

  beforeEach(() => {
    watched = new WatchedPod('uid', 'name');
    over = Promise.withResolvers();
    results = [];
  });

  function begin(isQuestion: boolean): void {
    const work = (given: AbortSignal): Promise<number> => {
      signal = given;
      return over.promise;
    };
    watched.begin(isQuestion, work, (result) => {
      // By then something else may be done.
      expect(watched.isBusy).toBe(false);
      results.push(result);
    });
  }

  it('lets nothing come between while it is ended', async () => {
    begin(false);
    expect(watched).toMatchObject({ isBusy: true, isEnding: true, isAsked: false });
    over.resolve(7);
    await watched.stop();
    expect(watched).toMatchObject({ isBusy: false, isEnding: false });
    expect(results).toEqual([7]);
  });

  it('lets its question be broken off until that has its answer', async () => {
    begin(true);
    expect(watched).toMatchObject({ isBusy: true, isEnding: false, isAsked: true });
    watched.answered();
    expect(watched).toMatchObject({ isBusy: true, isEnding: true, isAsked: false });
    over.resolve(0);
    await watched.stop();
    begin(true);
    watched.breakOff();
    expect(signal.aborted).toBe(true);
  });

  it('resolves at its stop when what is done with it is over, and at once where nothing is', async () => {
    await watched.stop();
    begin(true);
    let hasStopped = false;
    const stopped = watched.stop().then(() => (hasStopped = true));
    await Promise.resolve();
    expect([signal.aborted, hasStopped]).toEqual([true, false]);
    over.resolve(0);
    await stopped;
    expect(results).toEqual([0]);
  });
});
