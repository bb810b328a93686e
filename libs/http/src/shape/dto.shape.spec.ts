import { STDIN_MAX_BYTES } from '@warmbox/contracts';
import * as dto from '@warmbox/dto';
import { ArrayMaxSize, IsArray, IsString, Matches, MaxLength } from 'class-validator';
import { shapeOf } from './dto.shape.js';

class UnboundedText {
  @Matches(/^a*$/)
  text!: string;
}

class UnboundedList {
  @IsArray()
  @MaxLength(3, { each: true })
  list!: string[];
}

class UnboundedItems {
  @IsString({ each: true })
  @ArrayMaxSize(3)
  list!: string[];
}

describe('the shape of a DTO', () => {
  it('has every field that the rules know, also of the classes above, and no other', () => {
    expect([...shapeOf(dto.CreateSandboxDto).keys()].sort()).toEqual([
      'environmentVariables',
      'idleTimeoutSeconds',
      'labels',
      'lifetimeSeconds',
      'resources',
      'userId',
      'waitForReady',
      'waitSeconds',
    ]);
  });

  it('has the bounds of the rules', () => {
    const shape = shapeOf(dto.ExecuteDto);
    expect(shape.get('stdin')).toEqual({ kind: 'scalar', maxLength: STDIN_MAX_BYTES });
    expect(shape.get('argv')).toEqual({ kind: 'list', maxItems: 1024, maxLength: 131_071 });
    expect(shape.get('encoding')).toEqual({ kind: 'scalar', maxLength: Infinity });
    expect(shapeOf(dto.UpdateSandboxDto).get('labels')).toMatchObject({ kind: 'map', rule: { maxEntries: 32 } });
    expect(shapeOf(dto.CreateSandboxDto).get('resources')).toMatchObject({ kind: 'nested' });
  });

  it.each([
    [UnboundedText, 'UnboundedText.text has no bound'],
    [UnboundedList, 'UnboundedList.list has no bound'],
    [UnboundedItems, 'UnboundedItems.list has no bound'],
  ])('cannot be without a bound: %p', (type, message) => {
    expect(() => shapeOf(type)).toThrow(message);
  });

  it.each(Object.entries(dto).filter(([name]) => name.endsWith('Dto')))('can be read of %s', (_name, type) => {
    expect(() => shapeOf(type as new () => object)).not.toThrow();
  });
});
