import { FakeClock } from '@warmbox/testing';
import { ClaimSlots } from './claim.slots.js';

/** Claims by number, which end when the test says so. */
class Scene {
  readonly clock = new FakeClock();
  readonly started: number[] = [];
  private readonly slots = new ClaimSlots(this.clock);
  private readonly ends: PromiseWithResolvers<string>[] = [];

  claim(number: number): Promise<string> {
    const end = (this.ends[number] = Promise.withResolvers<string>());
    return this.slots.run(() => {
      this.started.push(number);
      return end.promise;
    });
  }

  async end(number: number): Promise<void> {
    this.ends[number]?.resolve(`end of ${number}`);
    await this.clock.advance(0);
  }

  async fail(number: number): Promise<void> {
    this.ends[number]?.reject(new Error('refused'));
    await this.clock.advance(0);
  }
}

describe('ClaimSlots', () => {
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

  it('starts eight at once, before anything else happens', () => {
    const scene = new Scene();
    for (const number of upTo(10)) void scene.claim(number);
    expect(scene.started).toEqual(upTo(8));
  });

  it('lets the others follow in order, each where one has ended or failed', async () => {
    const scene = new Scene();
    const claims = upTo(11).map((number) => scene.claim(number));
    claims[3]?.catch(() => undefined);
    await scene.end(5);
    expect(scene.started).toEqual(upTo(9));
    expect(await claims[5]).toBe('end of 5');
    await scene.fail(3);
    await expect(claims[3]).rejects.toThrow('refused');
    expect(scene.started).toEqual(upTo(10));
    await scene.end(9);
    expect(scene.started).toEqual(upTo(11));
    for (const number of upTo(11)) await scene.end(number);
    void scene.claim(11);
    expect(scene.started).toEqual(upTo(12));
    expect(scene.clock.waiting).toBe(0);
  });

  it('never lets nine in: who comes between the end of one and the turn of the next waits', async () => {
    const scene = new Scene();
    const claims = upTo(9).map((number) => scene.claim(number));
    void claims[0]?.then(() => scene.claim(9));
    await scene.end(0);
    expect(scene.started).toEqual(upTo(9));
  });

  it('lets nobody wait for long where none ends, and no more than eight at once once they do', async () => {
    const scene = new Scene();
    for (const number of upTo(10)) void scene.claim(number);
    await scene.clock.advance(249);
    expect(scene.started).toEqual(upTo(8));
    await scene.clock.advance(1);
    expect(scene.started).toEqual(upTo(10));
    void scene.claim(10);
    await scene.end(0);
    await scene.end(1);
    expect(scene.started).toEqual(upTo(10));
    await scene.end(2);
    expect(scene.started).toEqual(upTo(11));
  });
});
