import { constants } from 'node:os';

/** glibc's range of real-time signals; it keeps 32 and 33 for itself. */
const FIRST_REAL_TIME = 34;
const LAST_REAL_TIME = 64;

/** Of two names for one signal (SIGABRT, SIGIOT) the first is the usual one. */
const NAMES = new Map<number, string>();
for (const [name, number] of Object.entries(constants.signals)) if (!NAMES.has(number)) NAMES.set(number, name);

/** A signal's name, as `kill -l` of bash has it: SIGTERM, SIGRTMIN+3, SIGRTMAX-2; SIG and its number where it has none. */
export function signalName(number: number): string {
  const name = NAMES.get(number);
  if (name !== undefined) return name;
  if (number < FIRST_REAL_TIME || number > LAST_REAL_TIME) return `SIG${number}`;
  const fromFirst = number - FIRST_REAL_TIME;
  const toLast = LAST_REAL_TIME - number;
  const [base, distance] = fromFirst <= toLast ? ['SIGRTMIN', `+${fromFirst}`] : ['SIGRTMAX', `-${toLast}`];
  return fromFirst === 0 || toLast === 0 ? base : `${base}${distance}`;
}

/** The number of a signal by any of its names; undefined where there is no such signal. */
export function signalNumber(name: string): number | undefined {
  const known = (constants.signals as Record<string, number | undefined>)[name];
  if (known !== undefined) return known;
  for (let number = 1; number <= LAST_REAL_TIME; number += 1) if (signalName(number) === name) return number;
  return undefined;
}
