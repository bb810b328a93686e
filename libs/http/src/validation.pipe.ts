import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { mapViolations, type ViolationDto } from '@warmbox/dto';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';
import { ProblemError, ViolationList } from '@warmbox/platform';
import { boundRequest } from './shape/bounded.request.js';
import { shapeOf } from './shape/dto.shape.js';
import { tokenOf } from './shape/pointer.js';
import { soundInstance } from './shape/sound.instance.js';

/**
 * Checks bodies and queries against their DTO's decorators. Unknown fields are refused, null means absent (except where a
 * map's value may be null), nothing is converted, and every violation is listed with its JSON pointer, as far as an answer may
 * have them.
 */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if ((type !== 'body' && type !== 'query') || metatype === undefined || metatype === Object) return value;
    // A POST without a body asks for all defaults.
    const input: unknown = value === undefined ? {} : value;
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw new ProblemError('invalid_request', 'The body must be a JSON object.', {
        errors: [{ pointer: '', detail: 'must be a JSON object' }],
      });
    }
    const dto = metatype as new () => object;
    const prefix = type === 'query' ? '?' : '/';
    const shape = shapeOf(dto);
    const { fields, maps, refused, violations: listed } = boundRequest(input, shape, prefix);
    if (listed.isFull) throw invalidRequest(listed);
    // What queries say is text, which class-transformer may have to make something else of.
    if (type === 'body' && refused.size === 0) {
      const sound = soundInstance(dto, { ...fields, ...maps }, shape);
      if (sound !== undefined) return sound;
    }
    const instance = plainToInstance(dto, fields, { exposeDefaultValues: true });
    Object.assign(instance, maps);
    const errors = await validate(instance, { forbidUnknownValues: true, stopAtFirstError: false });
    for (const violation of violations(errors, prefix)) if (!isTold(violation, refused)) listed.add(violation);
    if (listed.violations.length > 0) throw invalidRequest(listed);
    return instance;
  }
}

/** Whether the pass has said already that this, or what this is part of, or a part of it cannot be. */
function isTold({ pointer }: ViolationDto, refused: ReadonlySet<string>): boolean {
  const isPartOf = (part: string, whole: string): boolean => part === whole || part.startsWith(`${whole}/`);
  return [...refused].some((told) => isPartOf(told, pointer) || isPartOf(pointer, told));
}

/** class-validator's names of rules on a value's type. */
const TYPE_RULES = ['isInt', 'isNumber', 'isString', 'isText', 'isBoolean', 'isArray', 'isObject', 'nestedValidation'];

/** invalid_request with its list of violations. */
export function invalidRequest(errors: ViolationList | ViolationDto[]): ProblemError {
  const list = Array.isArray(errors) ? ViolationList.of(errors) : errors;
  const [first, ...others] = list.violations;
  const count = list.isFull ? ' (and more)' : others.length > 0 ? ` (and ${others.length} more)` : '';
  const where = first?.pointer ? `${first.pointer}: ` : '';
  return new ProblemError('invalid_request', `${where}${first?.detail ?? 'The request is not valid'}${count}.`, {
    errors: list.violations,
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
