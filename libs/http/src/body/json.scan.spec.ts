import { JSON_DEPTH_MAX, JSON_VALUES_MAX, scanJson } from './json.scan.js';

const scan = (text: string): ReturnType<typeof scanJson> => scanJson(Buffer.from(text));
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const DEPTH = { detail: 'must not be nested more than 16 deep' };
const VALUES = { detail: 'must not hold more values: a body may have 20000 in all' };

describe('the scan of a body', () => {
  it.each([
    '',
    '{}',
    '1',
    '{"a":[1,2,{"b":"c"}],"d":null}',
    '{"a":"[[[[[[[[[[[[[[[[[[[[[[[[","b":"{{{{{{{{{{{{{{{{{{{{"}',
    '{"a":"\\"[[[[[[[[[[[[[[[[[[[[[[[[\\\\","b":1}',
    nested(JSON_DEPTH_MAX),
    `[${nested(JSON_DEPTH_MAX - 1)},${nested(JSON_DEPTH_MAX - 1)}]`,
    `[${'1,'.repeat(JSON_VALUES_MAX - 3)}1]`,
    `{"a":"${','.repeat(JSON_VALUES_MAX * 2)}"}`,
  ])('finds nothing in %.40s', (text) => {
    expect(scan(text)).toBeUndefined();
  });

  it.each([
    ['what is nested a level too deep', nested(JSON_DEPTH_MAX + 1), '/0'.repeat(JSON_DEPTH_MAX)],
    ['objects, too', `{"a":${nested(JSON_DEPTH_MAX)}}`, `/a${'/0'.repeat(JSON_DEPTH_MAX - 1)}`],
    ['two million levels', nested(2_000_000), '/0'.repeat(JSON_DEPTH_MAX)],
    ['what never ends', '{"a/b~":['.repeat(100_000), '/a~1b~0/0'.repeat(JSON_DEPTH_MAX / 2)],
  ])('refuses %s, and says where', (_what, text, pointer) => {
    expect(scan(text)).toEqual({ pointer, ...DEPTH });
  });

  it.each([
    ['a list', `{"a":1,"argv":[${'"",'.repeat(1_000_000)}""]}`, '/argv'],
    ['an object', `{"b":{"v":{${'"a":1,'.repeat(1_000_000)}"b":1}}}`, '/b/v'],
    ['itself', `{${'"a":1,'.repeat(1_000_000)}"b":1}`, ''],
    ['many small ones', `[${'{},'.repeat(1_000_000)}{}]`, ''],
  ])('refuses too many values, and says that they are in %s', (_what, text, pointer) => {
    expect(scan(text)).toEqual({ pointer, ...VALUES });
  });

  it('reads a text once, however many escapes it has', () => {
    const began = performance.now();
    expect(scan(`{"a":"${'\\\\'.repeat(4_000_000)}"}`)).toBeUndefined();
    expect(scan(`{"a":"${'\\"'.repeat(4_000_000)}"}`)).toBeUndefined();
    expect(scan(`{"a":"${'\\'.repeat(8_000_000)}`)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
