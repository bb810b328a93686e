import { PassingBody } from './passing.body.js';

describe('a body that is passed on', () => {
  it('is what it was given, and then holds nothing', async () => {
    const body = new PassingBody('{"é":1}');
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('{"é":1}');
    expect(body.length).toBe(8);
    expect(Object.values(body)).not.toContainEqual(expect.any(Buffer));
  });

  it('may be empty', async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of new PassingBody('')) chunks.push(chunk as Buffer);
    expect(chunks).toEqual([]);
  });
});
