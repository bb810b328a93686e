import { Transform } from 'class-transformer';

/** Digits of a query as a number; anything else stays text, which the rules refuse. */
export const Integer = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value,
  );

/** `true` and `false` of a query as a boolean; anything else stays text, which the rules refuse. */
export const Flag = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));
