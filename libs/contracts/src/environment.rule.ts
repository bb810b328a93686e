import { hasMoreThan, isMap, type MapRule, type MapViolation } from './map.rule.js';

/** The most that a request's environment variables may take, in bytes of their JSON form in UTF-8. */
export const ENVIRONMENT_MAX_BYTES = 65_536;

/** The shortest variable as JSON is `"A":"",`: so many fit into it at most. */
const ENVIRONMENT_MAX_ENTRIES = Math.floor(ENVIRONMENT_MAX_BYTES / 7);

const VARIABLE_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/** Everything that is wrong with an environment; nothing where it is sound. */
export function environmentViolations(value: unknown): MapViolation[] {
  if (!isMap(value)) return [{ detail: 'must be an object of strings' }];
  if (isTooLarge(value)) return [{ detail: `must not take more than ${ENVIRONMENT_MAX_BYTES} bytes as JSON` }];
  return Object.entries(value).flatMap(([key, text]): MapViolation[] => {
    const details: string[] = [];
    if (!VARIABLE_NAME.test(key)) {
      details.push('the name must consist of letters, digits, "-", "_" and ".", and not start with a digit');
    }
    if (typeof text !== 'string') details.push('the value must be a string');
    else if (text.includes('\0')) details.push('the value must not have NUL characters');
    return details.map((detail) => ({ key, detail }));
  });
}

/** Written as JSON only where that is not much more than it may be: its characters are counted first, and no further. */
function isTooLarge(variables: Record<string, unknown>): boolean {
  if (hasMoreThan(ENVIRONMENT_MAX_ENTRIES, variables)) return true;
  let characters = 0;
  for (const [key, value] of Object.entries(variables)) {
    characters += key.length + (typeof value === 'string' ? value.length : 0);
    if (characters > ENVIRONMENT_MAX_BYTES) return true;
  }
  return Buffer.byteLength(JSON.stringify(variables)) > ENVIRONMENT_MAX_BYTES;
}

/** What holds for environment variables: sound names, string values without NUL, 64 KiB in all. */
export const ENVIRONMENT_RULE: MapRule = { maxEntries: ENVIRONMENT_MAX_ENTRIES, violations: environmentViolations };
