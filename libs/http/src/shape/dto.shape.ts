import 'reflect-metadata';
import { itemClassOf, mapRuleOf } from '@warmbox/dto';
import type { MapRule } from '@warmbox/contracts';
import { getMetadataStorage } from 'class-validator';

/** What a field of a DTO may be, as far as it has to be known before anything else looks at the value. */
export type FieldShape =
  | { kind: 'scalar'; maxLength: number }
  | ListShape
  | { kind: 'map'; rule: MapRule }
  | { kind: 'nested'; type: DtoClass; shape: DtoShape }
  | ItemsShape;

interface ListShape {
  kind: 'list';
  maxItems: number;
  /** Of each item that is a string. */
  maxLength: number;
}

/** A list of objects. */
export interface ItemsShape {
  kind: 'items';
  maxItems: number;
  /** Of each item. */
  type: DtoClass;
  shape: DtoShape;
}

/** A DTO's fields by their names. */
export type DtoShape = ReadonlyMap<string, FieldShape>;

/** What class-validator keeps of one rule of one field. */
interface Rule {
  type: string;
  name?: string;
  propertyName: string;
  constraints?: unknown[];
}

export type DtoClass = new () => object;

/** Rules that bound a text by themselves: what is none of theirs is refused without being read. */
const BOUNDED_RULES = ['isInt', 'isNumber', 'isBoolean', 'isIn'];

const shapes = new Map<DtoClass, DtoShape>();

/**
 * The shape of a DTO, read from the decorators that it has for class-validator: there is no second list that could say something
 * else. Read once for each class.
 *
 * @throws Error where a field has no bound: a text without MaxLength or MaxBytes, a list without ArrayMaxSize
 */
export function shapeOf(type: DtoClass): DtoShape {
  let shape = shapes.get(type);
  if (shape === undefined) {
    shape = read(type);
    shapes.set(type, shape);
  }
  return shape;
}

function read(type: DtoClass): DtoShape {
  const rules: Rule[] = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const fields = Map.groupBy(rules, ({ propertyName }) => propertyName);
  return new Map([...fields].map(([name, ofField]) => [name, fieldOf(type, name, ofField)]));
}

function fieldOf(type: DtoClass, name: string, rules: Rule[]): FieldShape {
  const has = (...names: string[]): boolean =>
    rules.some((rule) => rule.name !== undefined && names.includes(rule.name));
  const unbounded = (rule: string): Error => new Error(`${type.name}.${name} has no bound: it needs ${rule}.`);
  const mapRule = mapRuleOf(type.prototype as object, name);
  if (mapRule !== undefined) return { kind: 'map', rule: mapRule };
  const maxLength = boundOf(rules, 'maxLength', 'maxBytes') ?? (has(...BOUNDED_RULES) ? Infinity : undefined);
  if (has('isArray', 'arrayMaxSize')) {
    const maxItems = boundOf(rules, 'arrayMaxSize');
    if (maxItems === undefined) throw unbounded('ArrayMaxSize');
    const item = itemClassOf(type.prototype as object, name);
    if (item !== undefined) return { kind: 'items', maxItems, type: item, shape: shapeOf(item) };
    if (maxLength === undefined) throw unbounded('MaxLength or MaxBytes of each');
    return { kind: 'list', maxItems, maxLength };
  }
  if (rules.some((rule) => rule.type === 'nestedValidation')) {
    const nested = Reflect.getMetadata('design:type', type.prototype as object, name) as DtoClass;
    return { kind: 'nested', type: nested, shape: shapeOf(nested) };
  }
  if (maxLength === undefined) throw unbounded('MaxLength, MaxBytes or IsIn');
  return { kind: 'scalar', maxLength };
}

/** The least of what rules of these names allow. */
function boundOf(rules: Rule[], ...names: string[]): number | undefined {
  const bounds = rules
    .filter(({ name }) => name !== undefined && names.includes(name))
    .map((rule) => rule.constraints?.[0]);
  return bounds.length === 0 ? undefined : Math.min(...(bounds as number[]));
}
