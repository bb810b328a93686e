import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { mapViolations, type ViolationDto } from '@warmbox/contracts';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';
import { ProblemError } from '../problem/problem.error.js';

/**
 * Checks bodies and queries against their DTO's decorators. Unknown fields are refused, null means absent (except where a
 * map's value may be null), nothing is converted, and every violation is listed with its JSON pointer.
 */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if ((type !== 'body' && type !== 'query') || metatype === undefined || metatype === Object) return value;
    // A POST without a body asks for all defaults.
    const given: unknown = value === undefined ? {} : value;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw new ProblemError('invalid_request', 'The body must be a JSON object.', {
        errors: [{ pointer: '', detail: 'must be a JSON object' }],
      });
    }
    const { fields, maps } = withoutMaps(withoutNulls(given), metatype as new () => object);
    const inherited = inheritedNames(fields, type === 'query' ? '?' : '/');
    if (inherited.length > 0) throw invalidRequest(inherited);
    const instance = plainToInstance(metatype as new () => object, fields, { exposeDefaultValues: true });
    Object.assign(instance, maps);
    const errors = await validate(instance, {
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: false,
    });
    if (errors.length > 0) throw invalidRequest(violations(errors, type === 'query' ? '?' : '/'));
    return instance;
  }
}

/** class-validator's names of rules on a value's type. */
const TYPE_RULES = ['isInt', 'isNumber', 'isString', 'isText', 'isBoolean', 'isArray', 'isObject', 'nestedValidation'];

/** invalid_request with its list of violations. */
export function invalidRequest(errors: ViolationDto[]): ProblemError {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const where = first?.pointer ? `${first.pointer}: ` : '';
  return new ProblemError('invalid_request', `${where}${first?.detail ?? 'The request is not valid'}${more}.`, {
    errors,
  });
}

/** The request without fields that are null. */
function withoutNulls(given: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}

/**
 * The fields that are maps (`Record<string, string>`) apart from the others: class-transformer loses or trips over keys that
 * objects inherit, and in a map `toString` and `constructor` are names like any other.
 */
function withoutMaps(
  given: Record<string, unknown>,
  type: new () => object,
): { fields: Record<string, unknown>; maps: Record<string, unknown> } {
  const isMap = (key: string): boolean => Reflect.getMetadata('design:type', type.prototype as object, key) === Object;
  const entries = Object.entries(given);
  return {
    fields: Object.fromEntries(entries.filter(([key]) => !isMap(key))),
    maps: Object.fromEntries(entries.filter(([key]) => isMap(key))),
  };
}

/** Fields that class-transformer would leave out in silence, because every object has their name. No field of ours has one. */
function inheritedNames(fields: object, prefix: string): ViolationDto[] {
  return Object.entries(fields).flatMap(([key, value]): ViolationDto[] => {
    const pointer = `${prefix}${key}`;
    if (key in Object.prototype) return [{ pointer, detail: `property ${key} should not exist` }];
    return typeof value === 'object' && value !== null ? inheritedNames(value as object, `${pointer}/`) : [];
  });
}

/** The violations behind class-validator's errors. `prefix` is `/` for a body, `?` for a query. */
export function violations(errors: ValidationError[], prefix: string): ViolationDto[] {
  return errors.flatMap((error) => {
    const pointer = prefix + tokenOf(error.property);
    return [...ownViolations(error, pointer), ...violations(error.children ?? [], `${pointer}/`)];
  });
}

/**
 * That a field is missing, where it is; a map's violations entry by entry; of any other field every rule, but for a wrong type, which
 * breaks all the others too.
 */
function ownViolations(
  { target = {}, property, value, constraints = {} }: ValidationError,
  pointer: string,
): ViolationDto[] {
  if (value === undefined) return [{ pointer, detail: `${property} must be given` }];
  const ofMap = mapViolations(target, property, value);
  if (ofMap.length > 0) {
    return ofMap.map(({ key, detail }) => ({
      pointer: key === undefined ? pointer : `${pointer}/${tokenOf(key)}`,
      detail,
    }));
  }
  const ofType = TYPE_RULES.flatMap((rule) => constraints[rule] ?? []);
  return (ofType.length > 0 ? ofType.slice(0, 1) : Object.values(constraints)).map((detail) => ({ pointer, detail }));
}

/** A key as a reference token of a JSON pointer. */
function tokenOf(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
