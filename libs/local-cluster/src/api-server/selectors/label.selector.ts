import { labelValue, qualifiedName } from '../kinds/names.js';
import { badRequest } from '../status.error.js';
import type { Selector } from './selector.js';

type Labels = Record<string, string>;
type Requirement = (labels: Labels) => boolean;

const SYMBOLS = ['==', '!=', '=', '!', ',', '(', ')', '>', '<'];

/** `a=b, c!=d, e in (f,g), h notin (i), j, !k, l>5`: all of them must hold. */
export function parseLabelSelector(text: string): Selector {
  const requirements = new Parser(tokensOf(text)).requirements();
  return ({ metadata }) => requirements.every((holds) => holds(metadata.labels ?? {}));
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const space = /^\s+/.exec(rest)?.[0];
    const token = space ?? SYMBOLS.find((symbol) => rest.startsWith(symbol)) ?? /^[^\s=!,()<>]+/.exec(rest)?.[0] ?? '';
    if (space === undefined) tokens.push(token);
    at += Math.max(1, token.length);
  }
  return tokens;
}

class Parser {
  private at = 0;

  constructor(private readonly tokens: readonly string[]) {}

  requirements(): Requirement[] {
    const found: Requirement[] = [];
    if (this.tokens.length === 0) return found;
    if (this.peek() !== '!' && !this.isWord()) {
      throw badRequest(`found '${this.peek()}', expected: !, identifier, or 'end of string'`);
    }
    for (;;) {
      found.push(this.requirement());
      if (this.peek() === '') return found;
      if (this.peek() !== ',') throw badRequest(`found '${this.peek()}', expected: ',' or 'end of string'`);
      this.at += 1;
      if (this.peek() !== '!' && !this.isWord()) {
        throw badRequest(`found '${this.peek()}', expected: identifier after ','`);
      }
    }
  }

  private requirement(): Requirement {
    if (this.peek() === '!') {
      this.at += 1;
      const absent = this.key();
      return (labels) => !Object.hasOwn(labels, absent);
    }
    const key = this.key();
    const operator = this.peek();
    switch (operator) {
      case '':
      case ',':
        return (labels) => Object.hasOwn(labels, key);
      case '=':
      case '==': {
        const value = this.operand(key);
        return (labels) => labels[key] === value;
      }
      case '!=': {
        const value = this.operand(key);
        return (labels) => labels[key] !== value;
      }
      case '>':
      case '<':
        return this.comparison(key, operator);
      case 'in': {
        const values = this.set(key);
        return (labels) => values.has(labels[key]);
      }
      case 'notin': {
        const values = this.set(key);
        return (labels) => !values.has(labels[key]);
      }
      default:
        throw unparsable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  private comparison(key: string, operator: '>' | '<'): Requirement {
    const text = this.operand(key);
    if (!/^-?\d+$/.test(text)) {
      const rule = "for 'Gt', 'Lt' operators, the value must be an integer";
      throw unparsable(`values[0]: Invalid value: ${JSON.stringify(text)}: ${rule}`);
    }
    const bound = Number(text);
    return (labels) => {
      const value = labels[key];
      if (value === undefined || !/^-?\d+$/.test(value)) return false;
      return operator === '>' ? Number(value) > bound : Number(value) < bound;
    };
  }

  /** The one value after an operator; nothing counts as "". */
  private operand(key: string): string {
    this.at += 1;
    const token = this.peek();
    if (token === '' || token === ',') return '';
    if (!this.isWord()) throw unparsable(`found '${token}', expected: identifier`);
    this.at += 1;
    return checkedValue(key, token);
  }

  private set(key: string): Set<string | undefined> {
    this.at += 1;
    if (this.peek() !== '(') throw unparsable(`found '${this.peek()}' expected: '('`);
    const values = new Set<string | undefined>();
    let expectsValue = true;
    for (;;) {
      this.at += 1;
      const token = this.peek();
      if (token === ',' || token === ')') {
        // `(a,)` and `()` have an empty value where one was expected.
        if (expectsValue) values.add('');
        expectsValue = true;
        if (token === ',') continue;
        this.at += 1;
        return values;
      }
      if (!this.isWord() || !expectsValue) {
        throw unparsable(`found '${token}', expected: ',', ')' or identifier`);
      }
      values.add(checkedValue(key, token));
      expectsValue = false;
    }
  }

  private key(): string {
    const token = this.peek();
    if (!this.isWord()) throw unparsable(`found '${token}', expected: identifier`);
    const [rule] = qualifiedName(token);
    if (rule !== undefined) throw unparsable(`<nil>: Invalid value: ${JSON.stringify(token)}: ${rule}`);
    this.at += 1;
    return token;
  }

  private peek(): string {
    return this.tokens[this.at] ?? '';
  }

  private isWord(): boolean {
    return this.peek() !== '' && !SYMBOLS.includes(this.peek());
  }
}

function checkedValue(key: string, value: string): string {
  const [rule] = labelValue(value);
  if (rule !== undefined) throw unparsable(`values[0][${key}]: Invalid value: ${JSON.stringify(value)}: ${rule}`);
  return value;
}

function unparsable(detail: string): Error {
  return badRequest(`unable to parse requirement: ${detail}`);
}
