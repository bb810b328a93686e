import { getMetadataStorage, ValidationTypes, type ValidationArguments } from 'class-validator';
import type { DtoClass, DtoShape, ItemsShape } from './dto.shape.js';

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** Something that must hold of one field of an instance. */
type Rule = (object: object, value: unknown) => boolean;

interface Field {
  name: string;
  /** Where one of them does not hold no rule is asked. */
  conditions: Rule[];
  rules: Rule[];
}

const fields = new Map<unknown, readonly Field[]>();

/**
 * A DTO of what a request says, if class-validator has nothing against it: each rule is asked that it would ask, in the same way, but
 * from a list that is made once for each class. class-validator goes through the rules of all classes at every request, and makes an
 * error of each field before it knows of one.
 *
 * @param known the known fields of a request
 * @returns undefined where a rule is broken, or where only class-validator can tell (what is asynchronous): for it to say what
 */
export function soundInstance(type: DtoClass, known: Record<string, unknown>, shape: DtoShape): object | undefined {
  const instance = instanceOf(type, known, shape);
  return isSound(instance) ? instance : undefined;
}

function instanceOf(type: DtoClass, known: Record<string, unknown>, shape: DtoShape): object {
  const instance = new type() as Record<string, unknown>;
  for (const [name, value] of Object.entries(known)) {
    const field = shape.get(name);
    if (field?.kind === 'nested' && isObject(value)) instance[name] = instanceOf(field.type, value, field.shape);
    else if (field?.kind === 'items' && Array.isArray(value)) instance[name] = value.map((item) => itemOf(item, field));
    else instance[name] = value;
  }
  return instance;
}

function itemOf(item: unknown, { type, shape }: ItemsShape): unknown {
  return isObject(item) ? instanceOf(type, item, shape) : item;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether every rule of an instance's class holds; a class without rules has no sound instance. */
function isSound(instance: object): boolean {
  const type = instance.constructor;
  let known = fields.get(type);
  if (known === undefined) {
    known = read(type);
    fields.set(type, known);
  }
  return known.length > 0 && known.every((field) => isFieldSound(instance, field));
}

function isFieldSound(instance: object, { name, conditions, rules }: Field): boolean {
  const value = (instance as Record<string, unknown>)[name];
  return !conditions.every((holds) => holds(instance, value)) || rules.every((holds) => holds(instance, value));
}

function read(type: unknown): Field[] {
  const all = getMetadataStorage().getTargetValidationMetadatas(type as DtoClass, '', false, false);
  return [...Map.groupBy(all, ({ propertyName }) => propertyName)].map(([name, ofField]) => ({
    name,
    conditions: ofField.filter(isCondition).map(({ constraints }) => constraints[0] as Rule),
    rules: ofField.filter((metadata) => !isCondition(metadata)).flatMap(rulesOf),
  }));
}

function isCondition({ type }: Metadata): boolean {
  return type === ValidationTypes.CONDITIONAL_VALIDATION;
}

function rulesOf(metadata: Metadata): Rule[] {
  const { type, constraintCls } = metadata;
  if (type === ValidationTypes.WHITELIST) return [];
  if (type === ValidationTypes.NESTED_VALIDATION) return [metadata.each ? areNestedSound : isNestedSound];
  if (type !== ValidationTypes.CUSTOM_VALIDATION && type !== ValidationTypes.IS_DEFINED) return [() => false];
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map(({ instance }) => ruleOf(metadata, (value, details) => instance.validate(value, details) === true));
}

function ruleOf(
  { propertyName: property, constraints, each, validateIf }: Metadata,
  holds: (value: unknown, details: ValidationArguments) => boolean,
): Rule {
  return (object, value) => {
    if (validateIf !== undefined && !validateIf(object, value)) return true;
    const details = { targetName: object.constructor.name, property, object, value, constraints };
    if (!each || !Array.isArray(value)) return holds(value, details);
    return value.every((item) => holds(item, details));
  };
}

function isNestedSound(_object: object, value: unknown): boolean {
  return value === undefined || (isObject(value) && isSound(value));
}

function areNestedSound(_object: object, value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((item) => isObject(item) && isSound(item)));
}
