import 'reflect-metadata';
import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, ValidateNested } from 'class-validator';

const ITEM = 'list-of';

type ItemClass = new () => object;

/** The value is a list of objects of a class, at most so many. */
export function IsListOf(item: ItemClass, maxItems: number): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayMaxSize(maxItems),
    ValidateNested({ each: true }),
    Type(() => item),
    (target: object, property: string | symbol) => Reflect.defineMetadata(ITEM, item, target, property),
  );
}

/** Of what class the items of a field of a class (by its prototype) are, if it is such a list. */
export function itemClassOf(target: object, property: string): ItemClass | undefined {
  return Reflect.getMetadata(ITEM, target, property) as ItemClass | undefined;
}
