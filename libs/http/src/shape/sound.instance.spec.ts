import * as dto from '@warmbox/dto';
import { plainToInstance, Type } from 'class-transformer';
import { IsInt, IsOptional, MaxLength, ValidateBy, ValidateIf, ValidateNested, validate } from 'class-validator';
import fc from 'fast-check';
import { boundRequest } from './bounded.request.js';
import { shapeOf, type DtoClass, type DtoShape } from './dto.shape.js';
import { soundInstance } from './sound.instance.js';

/** What class-transformer and class-validator make of it; undefined where they refuse it. */
async function byTheBook(type: DtoClass, fields: object, maps: object): Promise<object | undefined> {
  const instance = plainToInstance(type, fields, { exposeDefaultValues: true });
  Object.assign(instance, maps);
  const errors = await validate(instance, { forbidUnknownValues: true, stopAtFirstError: false });
  return errors.length === 0 ? instance : undefined;
}

/** Both, of a request. */
async function both(type: DtoClass, body: object): Promise<[object | undefined, object | undefined]> {
  const shape = shapeOf(type);
  const { fields, maps } = boundRequest(body, shape, '/');
  return [soundInstance(type, { ...fields, ...maps }, shape), await byTheBook(type, fields, maps)];
}

const TEXTS = [
  '',
  'a',
  'a\0b',
  'utf8',
  'base64',
  'all',
  'original',
  '2026-11-28T21:00:00Z',
  'x'.repeat(600),
  'é'.repeat(300),
];
const NUMBERS = [-1, 0, 1, 1.5, 5, 10, 60, 3600, 86_400, 86_401, 2 ** 24, 2 ** 53, NaN, Infinity];
const KEYS = ['A', 'a b', 'PATH', 'team', 'k8s.io/x', '1', '', 'constructor', '__proto', 'x'.repeat(300)];

/** Values that a field may have, and those that it may not; like those that its kind takes. */
function valueOf(kind: string, shape?: DtoShape): fc.Arbitrary<unknown> {
  const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ maxLength: 20 }));
  const scalar = fc.oneof(text, fc.constantFrom(...NUMBERS), fc.integer(), fc.boolean(), fc.constant(null));
  const list = fc.array(fc.oneof({ weight: 9, arbitrary: text }, scalar), { maxLength: 5 });
  const map = fc.dictionary(fc.constantFrom(...KEYS), fc.oneof({ weight: 4, arbitrary: text }, scalar), { maxKeys: 4 });
  const nested = shape === undefined ? map : bodyOf(shape);
  const likely = { scalar, list, map, nested, items: fc.array(nested, { maxLength: 3 }) }[kind] ?? scalar;
  return fc.oneof({ weight: 8, arbitrary: likely }, scalar, list, map);
}

/** A few of the fields: with all of them hardly any request would be sound. */
function bodyOf(shape: DtoShape): fc.Arbitrary<object> {
  return fc.subarray([...shape], { maxLength: Math.min(3, shape.size) }).chain((chosen) => {
    const fields = chosen.map(([name, field]): [string, fc.Arbitrary<unknown>] => [
      name,
      valueOf(field.kind, field.kind === 'nested' || field.kind === 'items' ? field.shape : undefined),
    ]);
    return fc.record(Object.fromEntries(fields));
  });
}

class Inner {
  @IsInt()
  size!: number;
}

class Outer {
  kind = 'plain';

  @IsOptional()
  @MaxLength(5)
  note?: string = 'none';

  @ValidateIf(({ note }: Outer) => note === 'deep')
  @ValidateNested()
  @Type(() => Inner)
  inner?: Inner;
}

class Late {
  @ValidateBy({ name: 'isIn', async: true, validator: { validate: () => Promise.resolve(true) } })
  name!: string;
}

class Ruleless {
  name?: string;
}

/** Of bodies: what a query says is text, of which class-transformer may have to make numbers. */
const REQUESTS = Object.entries(dto).filter(
  (entry): entry is [string, DtoClass] => /(?<!Query)Dto$/.test(entry[0]) && shapeOf(entry[1] as DtoClass).size > 0,
);

describe('a sound instance', () => {
  it.each(REQUESTS)(
    'is what class-transformer makes, and given where class-validator has nothing to say: %s',
    async (_, type) => {
      await fc.assert(
        fc.asyncProperty(bodyOf(shapeOf(type)), async (body) => {
          const [ours, theirs] = await both(type, body);
          expect(ours).toStrictEqual(theirs);
        }),
        { numRuns: 200 },
      );
    },
  );

  it.each<[DtoClass, object]>([
    [dto.AllocateSandboxDto, { userId: 'ada', waitSeconds: 1, labels: { team: 'search' } }],
    [dto.CreateSandboxDto, { resources: { limits: { memoryMi: 512 }, requests: {} }, environmentVariables: { A: '' } }],
    [dto.CreateSandboxDto, { resources: { limits: null }, labels: null }],
    [dto.ExecuteDto, { argv: ['a', ''], timeoutSeconds: 1, detached: false, encoding: 'base64', stdin: '' }],
    [dto.NoticeDto, { expiresAt: '2026-11-28T21:00:00Z' }],
    [dto.SealDto, { idleSeconds: 0 }],
    [dto.UpdateSandboxDto, { labels: { team: null } }],
  ])('is given without class-validator of what %p takes: %j', async (type, body) => {
    const [ours, theirs] = await both(type, body);
    expect(ours).toBeDefined();
    expect(ours).toStrictEqual(theirs);
  });

  it.each<[string, object, boolean]>([
    ['what is missing where nothing must be there', {}, true],
    ['a default that is not overridden', { note: null }, true],
    ['a field whose condition does not hold', { inner: { size: 'wide' } }, true],
    ['one whose condition holds', { note: 'deep', inner: { size: 1 } }, true],
    ['one within that is wrong', { note: 'deep', inner: { size: 'wide' } }, false],
    ['a text that is too long', { note: 'longer' }, false],
  ])('is told by conditions, defaults and what lies within: %s', async (_, body, isSound) => {
    const [ours, theirs] = await both(Outer, body);
    expect(ours).toStrictEqual(theirs);
    expect(ours !== undefined).toBe(isSound);
  });

  it('is left to class-validator where a rule takes its time, of a list of objects, and where there is no rule', async () => {
    const [ours, theirs] = await both(Late, { name: 'a' });
    expect([ours, theirs]).toEqual([undefined, { name: 'a' }]);
    expect(await both(Outer, { note: 'deep', inner: [] })).toEqual([
      undefined,
      { kind: 'plain', note: 'deep', inner: [] },
    ]);
    expect(await both(Ruleless, {})).toEqual([undefined, undefined]);
  });
});
