import { FakeClock } from '@warmbox/testing';
import { Gate } from './gate.js';

/** Work by number, which ends when the test says so. */
class Scene {
  readonly begun: number[] = [];
  readonly gate: Gate;
  readonly clock = new FakeClock();
  private readonly ends: PromiseWithResolvers<string>[] = [];

  constructor(slots: number) {
    this.gate = new Gate(slots);
  }

  run(number: number, signal?: AbortSignal): Promise<string> {
    return this.gate.run(this.workOf(number), signal);
  }

  runWithin(maxWaitMs: number, number: number): Promise<string> {
    return this.gate.runWithin(maxWaitMs, this.clock, this.workOf(number));
  }

  private workOf(number: number): () => Promise<string> {
    const end = (this.ends[number] = Promise.withResolvers<string>());
    return () => {
      this.begun.push(number);
      return end.promise;
    };
  }

  async end(number: number): Promise<void> {
    this.ends[number]?.resolve(`end of ${number}`);
    await turn();
  }

  async fail(number: number): Promise<void> {
    this.ends[number]?.reject(new Error(`failure of ${number}`));
    await turn();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Gate', () => {
  it('refuses to be one that lets nobody in', () => {
    for (const slots of [0, -1, NaN]) expect(() => new Gate(slots)).toThrow(RangeError);
  });

  it('begins at once while there are slots', () => {
    const scene = new Scene(2);
    for (const number of [0, 1, 2]) void scene.run(number);
    expect(scene.begun).toEqual([0, 1]);
    expect(scene.gate.waiting).toBe(1);
  });

  it('lets the others follow in order, each where one has ended or failed', async () => {
    const scene = new Scene(2);
    const runs = [0, 1, 2, 3].map((number) => scene.run(number));
    runs[1]?.catch(() => undefined);
    await scene.end(0);
    expect([await runs[0], scene.begun]).toEqual(['end of 0', [0, 1, 2]]);
    await scene.fail(1);
    await expect(runs[1]).rejects.toThrow('failure of 1');
    expect(scene.begun).toEqual([0, 1, 2, 3]);
  });

  it('hands a slot on: who comes between the end of one and the turn of the next waits', async () => {
    const scene = new Scene(1);
    const first = scene.run(0);
    void scene.run(1);
    // This runs after the end of the first and before anything of the second.
    void first.then(() => scene.run(2));
    await scene.end(0);
    expect(scene.begun).toEqual([0, 1]);
    await scene.end(1);
    expect(scene.begun).toEqual([0, 1, 2]);
  });

  it('frees the position in the line of one that gives up, and lets none behind it wait for longer', async () => {
    const scene = new Scene(1);
    const giving = new AbortController();
    void scene.run(0);
    const given = scene.run(1, giving.signal);
    void scene.run(2, new AbortController().signal);
    giving.abort(new Error('no more'));
    await expect(given).rejects.toThrow('no more');
    expect(scene.gate.waiting).toBe(1);
    await scene.end(0);
    expect(scene.begun).toEqual([0, 2]);
    await scene.end(2);
    void scene.run(3);
    expect(scene.begun).toEqual([0, 2, 3]);
  });

  it('does nothing for one that had given up before it came', async () => {
    const scene = new Scene(1);
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(scene.run(0, gone)).rejects.toThrow('gone');
    await expect(scene.gate.enter(gone)).rejects.toThrow('gone');
    void scene.run(1);
    expect(scene.begun).toEqual([1]);
  });

  it('lets in after its longest wait who would not wait for longer, and nobody else before enough have left', async () => {
    const scene = new Scene(2);
    for (const number of [0, 1, 2, 3]) void scene.runWithin(250, number);
    await scene.clock.advance(249);
    expect(scene.begun).toEqual([0, 1]);
    await scene.clock.advance(1);
    expect(scene.begun).toEqual([0, 1, 2, 3]);
    void scene.run(4);
    await scene.end(0);
    await scene.end(1);
    expect(scene.begun).toEqual([0, 1, 2, 3]);
    await scene.end(2);
    expect(scene.begun).toEqual([0, 1, 2, 3, 4]);
  });

  it('leaves no timer behind for one whose turn came in time', async () => {
    const scene = new Scene(1);
    for (const number of [0, 1]) void scene.runWithin(250, number);
    expect(scene.begun).toEqual([0]);
    await scene.end(0);
    expect([scene.begun, scene.clock.waiting]).toEqual([[0, 1], 0]);
  });

  it('runs the same work for each item, in order and a few at once, and none any more after a failure', async () => {
    const gate = new Gate(2);
    const begun: number[] = [];
    let most = 0;
    let inside = 0;
    const work = async (item: number): Promise<void> => {
      begun.push(item);
      inside += 1;
      most = Math.max(most, inside);
      await turn();
      inside -= 1;
      if (item === 3) throw new Error('not 3');
    };
    await gate.each([1, 2, 4, 5, 6], work);
    expect([begun, most]).toEqual([[1, 2, 4, 5, 6], 2]);
    begun.length = 0;
    await expect(gate.each([1, 3, 4, 5, 6], work)).rejects.toThrow('not 3');
    await turn();
    await turn();
    expect(begun).not.toContain(5);
    expect(gate.waiting).toBe(0);
  });
});
