import { optionFromText } from '@warmbox/platform/options';
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

/**
 * `KataContainerManager__DefaultResourceLimits__MemoryMi=512` and the like, as the section that they stand for; .NET takes a colon
 * for the two underscores.
 */
export function originalVariables(variables: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  let section: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(variables)) {
    const [head = '', ...below] = name.split(/__|:/);
    if (head.toLowerCase() !== ORIGINAL_SECTION.toLowerCase() || below.length === 0 || !text) continue;
    section = withValue(section, below, text);
  }
  return section;
}

/** A section with one value more, at the key that its path names in any case, or below that. */
export function withValue(
  section: Record<string, unknown> | undefined,
  [written = '', ...below]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const key = Object.keys(section ?? {}).find((known) => known.toLowerCase() === written.toLowerCase()) ?? written;
  if (below.length === 0) return { ...section, [key]: value };
  const under = section?.[key];
  return { ...section, [key]: { ...(isObject(under) ? under : {}), [below.join('__')]: value } };
}

function fromAmounts(amounts: Record<string, unknown>): FromOriginal {
  const values: Record<string, unknown> = {};
  const unused: string[] = [];
  for (const [written, value] of Object.entries(amounts)) {
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
