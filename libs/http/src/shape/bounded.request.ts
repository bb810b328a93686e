import { ViolationList } from '@warmbox/platform';
import { tokenOf } from './pointer.js';
import type { DtoShape, FieldShape, ItemsShape } from './dto.shape.js';

/** A request as far as its DTO's rules may look at it. */
export interface BoundedRequest {
  /** The known fields but for maps; a list or an object where none belongs is an empty one, and null is left out. */
  fields: Record<string, unknown>;
  /** The fields that are maps, as they are: any name is one of theirs, also what objects inherit. */
  maps: Record<string, unknown>;
  /** Pointers of fields that `violations` has already refused. */
  refused: Set<string>;
  violations: ViolationList;
}

/**
 * One pass over a request, against its DTO's shape, before class-transformer and class-validator see it: those compare each key
 * with all others, and look at every item of a list that is too long. Unknown fields, lengths, numbers of items, and texts that are
 * no Unicode are refused here. It costs what the request's known fields cost, and ends once an answer is full.
 *
 * @param prefix `/` for a body, `?` for a query
 */
export function boundRequest(input: object, shape: DtoShape, prefix: string): BoundedRequest {
  const pass = new Pass();
  const kept = Object.entries(pass.object(input, shape, prefix));
  const isMap = ([name]: [string, unknown]): boolean => shape.get(name)?.kind === 'map';
  const fields = Object.fromEntries(kept.filter((entry) => !isMap(entry)));
  const maps = Object.fromEntries(kept.filter(isMap));
  return { fields, maps, refused: pass.refused, violations: pass.violations };
}

class Pass {
  readonly violations = new ViolationList();
  readonly refused = new Set<string>();

  /** The known fields of an object, bounded. */
  object(input: object, shape: DtoShape, prefix: string): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    for (const name in input) {
      if (this.violations.isFull) break;
      if (!Object.hasOwn(input, name)) continue;
      const field = shape.get(name);
      const pointer = prefix + tokenOf(name);
      const value = (input as Record<string, unknown>)[name];
      if (field === undefined) this.refuse(pointer, `property ${name} should not exist`);
      else if (value !== null && value !== undefined) kept[name] = this.field(value, field, name, pointer);
    }
    return kept;
  }

  private field(value: unknown, field: FieldShape, name: string, pointer: string): unknown {
    if (Array.isArray(value)) {
      if (field.kind === 'items') return this.items(value, field, name, pointer);
      return field.kind === 'list' ? this.list(value, field, name, pointer) : [];
    }
    if (typeof value === 'object' && value !== null) {
      if (field.kind === 'nested') return this.object(value, field.shape, `${pointer}/`);
      if (field.kind === 'items') {
        this.refuse(pointer, `${name} must be an array`);
        return [];
      }
      return field.kind === 'map' ? this.map(value, field.rule.maxEntries, pointer) : {};
    }
    const isText = field.kind === 'scalar' || field.kind === 'list';
    return isText ? this.text(value, field.maxLength, name, pointer) : value;
  }

  private list(
    items: unknown[],
    { maxItems, maxLength }: { maxItems: number; maxLength: number },
    name: string,
    pointer: string,
  ): unknown[] {
    if (this.isTooMany(items, maxItems, name, pointer)) return [];
    return items.map((item, index) => {
      if (typeof item === 'object' && item !== null) return {};
      return this.text(item, maxLength, `each value in ${name}`, `${pointer}/${index}`);
    });
  }

  private items(items: unknown[], { maxItems, shape }: ItemsShape, name: string, pointer: string): unknown[] {
    if (this.isTooMany(items, maxItems, name, pointer)) return [];
    return items.map((item, index) => {
      const isObject = typeof item === 'object' && item !== null && !Array.isArray(item);
      if (isObject) return this.object(item, shape, `${pointer}/${index}/`);
      if (!this.violations.isFull) this.refuse(`${pointer}/${index}`, `each value in ${name} must be an object`);
      return {};
    });
  }

  private isTooMany({ length }: unknown[], maxItems: number, name: string, pointer: string): boolean {
    if (length > maxItems) this.refuse(pointer, `${name} must contain no more than ${maxItems} elements`);
    return length > maxItems;
  }

  /** A map's own rule has all to say but for texts that are no Unicode; beyond its entries it refuses it as a whole. */
  private map(entries: object, maxEntries: number, pointer: string): object {
    let count = 0;
    for (const key in entries) {
      if (++count > maxEntries || this.violations.isFull) break;
      const value = (entries as Record<string, unknown>)[key];
      const isSound = key.isWellFormed() && (typeof value !== 'string' || value.isWellFormed());
      if (!isSound) this.refuse(`${pointer}/${tokenOf(key)}`, NO_UNICODE);
    }
    return entries;
  }

  /** The text, or an empty one where it is refused. What is no text is for the rules to refuse. */
  private text(value: unknown, maxLength: number, name: string, pointer: string): unknown {
    if (typeof value !== 'string') return value;
    // What counts as a character is the rule's business: here it is only what no counting makes short enough.
    if (value.length > 2 * maxLength) this.refuse(pointer, `${name} must not be longer than ${maxLength} characters`);
    else if (!value.isWellFormed()) this.refuse(pointer, NO_UNICODE);
    else return value;
    return '';
  }

  private refuse(pointer: string, detail: string): void {
    this.violations.add({ pointer, detail });
    this.refused.add(pointer);
  }
}

const NO_UNICODE = 'must not have lone surrogates: half of a character is no Unicode, and has no form in UTF-8';
