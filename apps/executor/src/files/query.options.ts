import type { Violation } from '@warmbox/contracts';
import { invalidRequest } from '@warmbox/http';

/** The parameters of a query beside its path, as they are to be understood; what is wrong with them is told together. */
export class QueryOptions {
  private readonly violations: Violation[] = [];

  constructor(private readonly sent: Readonly<Partial<Record<string, string>>>) {}

  number(name: string, least: number, most: number, otherwise: number): number {
    const text = this.sent[name];
    if (text === undefined) return otherwise;
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    return this.refuse(name, `must be a number from ${least} to ${most}`, otherwise);
  }

  flag(name: string): boolean {
    const text = this.sent[name];
    if (text === undefined || text === 'true' || text === 'false') return text === 'true';
    return this.refuse(name, 'must be true or false', false);
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.sent[name];
    if (text === undefined) return undefined;
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) this.refuse(name, `must be ${choices.join(' or ')}`, undefined);
    return chosen;
  }

  /** A parameter that is understood, or not, by whoever knows it. */
  value<Value>(name: string, read: (text: string) => Value | undefined, rule: string): Value | undefined {
    const text = this.sent[name];
    if (text === undefined) return undefined;
    const value = read(text);
    if (value === undefined) this.refuse(name, rule, undefined);
    return value;
  }

  /** @throws ProblemError invalid_request with every violation */
  check(): void {
    if (this.violations.length > 0) throw invalidRequest(this.violations);
  }

  private refuse<Value>(name: string, rule: string, value: Value): Value {
    this.violations.push({ pointer: `?${name}`, detail: `${name} ${rule}` });
    return value;
  }
}
