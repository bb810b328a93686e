import { spawnFrame } from './spawn.frame.js';

describe('spawnFrame', () => {
  const START = 0x7f00_0000_1000n;
  const frameOf = (path: string, argv: string[], environment: Record<string, string>): ReturnType<typeof spawnFrame> =>
    spawnFrame(path, argv, environment, () => START);
  const at = (bytes: Buffer, address: bigint): string => {
    const from = Number(address - START);
    return bytes.toString('utf8', from, bytes.indexOf(0, from));
  };
  const listAt = (bytes: Buffer, address: bigint): string[] => {
    const texts: string[] = [];
    for (let word = Number(address - START); ; word += 8) {
      const pointer = bytes.readBigUInt64LE(word);
      if (pointer === 0n) return texts;
      texts.push(at(bytes, pointer));
    }
  };

  it.each([
    ['nothing', '/bin/x', [], {}],
    ['texts of any characters', '/bin/ü', ['a', '', '日本 語', 'x'.repeat(10_000)], { A: '1', B: '', Ä: '=\n=' }],
  ])('holds %s, each list with its end', (_, path, argv, environment: Record<string, string>) => {
    const { bytes, ...frame } = frameOf(path, argv, environment);
    expect(at(bytes, frame.path)).toBe(path);
    expect(listAt(bytes, frame.argv)).toEqual(argv);
    expect(listAt(bytes, frame.environment)).toEqual(
      Object.entries(environment).map(([name, text]) => `${name}=${text}`),
    );
    expect(bytes.at(-1)).toBe(0);
    expect(frame.pid).toBe(START);
  });

  it.each([
    ['the path', '/bin\0', [], {}],
    ['an argument', '/bin/x', ['a\0b'], {}],
    ['a variable', '/bin/x', [], { A: '\0' }],
  ])('refuses %s with a NUL, of which C would see the beginning only', (_, path, argv, environment) => {
    expect(() => frameOf(path, argv, environment as Record<string, string>)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }) as Error,
    );
  });
});
