import { optionFromText } from '@warmbox/platform';
import { isObject } from './option.layers.js';
import { ManagerOptions } from './manager.options.js';

/** The section of the original's appsettings.json, and the prefix of its variables. */
export const ORIGINAL_SECTION = 'KataContainerManager';

/** Options that have another name in the original. */
const ORIGINAL_NAMES: Readonly<Record<string, string>> = { defaultimage: 'executorImage' };

/** Fields of amounts, by their lower-case name. */
const AMOUNT_NAMES: Readonly<Record<string, string>> = {
  memorymi: 'memoryMi',
  cpumillicores: 'cpuMillicores',
  memory: 'memory',
  cpu: 'cpu',
};

export interface FromOriginal {
  values: Record<string, unknown>;
  /** Keys inside the section that say nothing to this system, as they were written. */
  unused: string[];
}

/** The section's keys in our form. As in the original, their case does not matter, and numbers may be text. */
export function fromOriginal(section: Record<string, unknown>): FromOriginal {
  const names = optionNames();
  const values: Record<string, unknown> = {};
  const unused: string[] = [];
  for (const [written, value] of Object.entries(section)) {
    const key = names[written.toLowerCase()];
    if (key === undefined) unused.push(written);
    else if (isObject(value) && key !== 'runtimes') {
      const fields = fromAmounts(value);
      values[key] = fields.values;
      unused.push(...fields.unused.map((field) => `${written}.${field}`));
    } else values[key] = typeof value === 'string' ? optionFromText(ManagerOptions, key, value) : value;
  }
  return { values, unused };
}

/** `KataContainerManager__DefaultResourceLimits__MemoryMi=512` and the like, as the section that they stand for. */
export function originalVariables(variables: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const section: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(variables)) {
    const [head = '', key, field, ...more] = name.split('__');
    if (head.toLowerCase() !== ORIGINAL_SECTION.toLowerCase() || key === undefined || !text) continue;
    if (field === undefined) section[key] = text;
    else {
      const below = isObject(section[key]) ? section[key] : {};
      section[key] = { ...below, [[field, ...more].join('__')]: text };
    }
  }
  return section;
}

function fromAmounts(given: Record<string, unknown>): FromOriginal {
  const values: Record<string, unknown> = {};
  const unused: string[] = [];
  for (const [written, value] of Object.entries(given)) {
    const field = AMOUNT_NAMES[written.toLowerCase()];
    if (field === undefined) unused.push(written);
    else values[field] = value;
  }
  return { values, unused };
}

function optionNames(): Record<string, string | undefined> {
  const own = Object.keys(new ManagerOptions()).map((key) => [key.toLowerCase(), key]);
  return { ...(Object.fromEntries(own) as Record<string, string>), ...ORIGINAL_NAMES };
}
