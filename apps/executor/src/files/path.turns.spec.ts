import { PathTurns } from './path.turns.js';

describe('turns at a path', () => {
  const path = Buffer.from('/a');

  it('are taken one after the other, in order, also where one fails', async () => {
    const turns = new PathTurns();
    const seen: string[] = [];
    const turn = (name: string, fails = false): Promise<string> =>
      turns.take(path, async () => {
        seen.push(`${name} begins`);
        await Promise.resolve();
        seen.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const all = await Promise.allSettled([turn('1'), turn('2', true), turn('3')]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(seen).toEqual(['1', '2', '3'].flatMap((name) => [`${name} begins`, `${name} ends`]));
    expect(turns.size).toBe(0);
  });

  it('are each path’s own', async () => {
    const turns = new PathTurns();
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = turns.take(path, () => promise);
    expect(await turns.take(Buffer.from('/b'), () => Promise.resolve('other'))).toBe('other');
    resolve('first');
    expect(await first).toBe('first');
  });
});
