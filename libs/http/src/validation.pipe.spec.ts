import { IsLabels, IsListOf } from '@warmbox/dto';
import { Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, Min, ValidateNested } from 'class-validator';
import { ProblemError } from '@warmbox/platform';
import { RequestValidationPipe } from './validation.pipe.js';

class SizeDto {
  @IsOptional()
  @IsInt()
  width?: number;
}

class BoxDto {
  @IsOptional()
  @IsInt()
  weight?: number;

  @IsOptional()
  @IsLabels({ nullRemoves: true })
  labels?: Record<string, string | null>;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => SizeDto)
  size?: SizeDto;
}

class ParcelDto {
  @IsInt()
  @Min(1)
  weight!: number;

  @IsLabels()
  labels!: Record<string, string>;

  @IsObject()
  @ValidateNested()
  @Type(() => SizeDto)
  size!: SizeDto;
}

class ShelfDto {
  @IsOptional()
  @IsListOf(ParcelDto, 3)
  parcels?: ParcelDto[];
}

const pipe = new RequestValidationPipe();
const body = (value: unknown): Promise<unknown> => pipe.transform(value, { type: 'body', metatype: BoxDto });

async function refused(value: unknown): Promise<string[]> {
  try {
    await body(value);
  } catch (error) {
    if (error instanceof ProblemError) return error.errors?.map(({ pointer }) => pointer) ?? [];
    throw error;
  }
  return [];
}

describe('the validation of requests', () => {
  it('takes a missing body for an empty one, and null for absent', async () => {
    expect(await body(undefined)).toEqual({});
    expect(await body({ weight: null, size: null })).toEqual({});
  });

  it.each([[[]], ['text'], [1], [true]])('refuses a body that is no object: %j', async (value) => {
    expect(await refused(value)).toEqual(['']);
  });

  it('lists every violation with its JSON pointer', async () => {
    expect(await refused({ weight: 1.5, 'a/b~c': 1, size: { width: 'wide', depth: 1 } })).toEqual(
      expect.arrayContaining(['/weight', '/a~1b~0c', '/size/width', '/size/depth']),
    );
  });

  it('says of what is missing that it must be given, and nothing else', async () => {
    const parcel = { type: 'body', metatype: ParcelDto } as const;
    const errors = ['weight', 'labels', 'size'].map((field) => ({
      pointer: `/${field}`,
      detail: `${field} must be given`,
    }));
    await expect(pipe.transform({}, parcel)).rejects.toMatchObject({ errors });
    await expect(pipe.transform({ weight: null }, parcel)).rejects.toMatchObject({ errors });
    await expect(pipe.transform({ weight: 0, labels: {}, size: {} }, parcel)).rejects.toMatchObject({
      errors: [{ pointer: '/weight', detail: 'weight must not be less than 1' }],
    });
  });

  it('lists every entry of a map that is wrong, with a pointer to it', async () => {
    expect(await refused({ labels: { app: 'x', team: 'a b', 'k8s.io/x': 'y', fine: '1' } })).toEqual([
      '/labels/app',
      '/labels/team',
      '/labels/k8s.io~1x',
    ]);
  });

  it('keeps every key of a map, whatever objects inherit under its name', async () => {
    const labels = { constructor: 'a', toString: 'b', hasOwnProperty: 'c', then: 'd', gone: null };
    expect(await body({ labels })).toEqual({ labels });
  });

  it.each([
    [{ constructor: 1 }, '/constructor'],
    [{ toString: 'a' }, '/toString'],
    [{ size: { hasOwnProperty: 1 } }, '/size/hasOwnProperty'],
  ])('refuses a field that every object has: %j', async (value, pointer) => {
    expect(await refused(value)).toEqual([pointer]);
  });

  describe('of lists of objects', () => {
    const parcel = { weight: 1, labels: { a: 'b' }, size: { width: 2 } };
    const shelf = (parcels: unknown): Promise<unknown> =>
      pipe.transform({ parcels }, { type: 'body', metatype: ShelfDto });
    const pointersOf = async (parcels: unknown): Promise<unknown> =>
      shelf(parcels).then(
        () => [],
        (error: unknown) => (error as ProblemError).errors?.map(({ pointer }) => pointer),
      );

    it('makes each one of its class', async () => {
      const { parcels } = (await shelf([parcel, parcel])) as ShelfDto;
      expect(parcels).toEqual([parcel, parcel]);
      expect(parcels?.every((one) => one instanceof ParcelDto)).toBe(true);
      expect(await shelf([])).toEqual({ parcels: [] });
    });

    it.each<[unknown, string[]]>([
      [[parcel, { ...parcel, weight: 0 }], ['/parcels/1/weight']],
      [[{ ...parcel, colour: 1 }], ['/parcels/0/colour']],
      [[{ ...parcel, size: { depth: 1 } }], ['/parcels/0/size/depth']],
      [[{ ...parcel, labels: { 'a b': 'c' } }], ['/parcels/0/labels/a b']],
      [
        ['text', [], null],
        ['/parcels/0', '/parcels/1', '/parcels/2'],
      ],
      [[parcel, parcel, parcel, parcel], ['/parcels']],
      [parcel, ['/parcels']],
      ['text', ['/parcels']],
    ])('points to what is wrong: %j', async (parcels, pointers) => {
      expect(await pointersOf(parcels)).toEqual(pointers);
    });
  });
});
