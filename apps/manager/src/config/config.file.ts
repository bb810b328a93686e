import { StartError } from '@warmbox/platform';
import { parse } from 'yaml';
import { isObject } from './option.layers.js';
import { fromOriginal, ORIGINAL_SECTION, withValue } from './original.form.js';

export interface ConfigFile {
  /** Values in our form. */
  values: Record<string, unknown>;
  /** What the file says in vain. */
  warnings: string[];
}

/** The text of a file, whose byte order mark, if there is one, says how it is written: UTF-8, or UTF-16 as PowerShell writes it. */
export function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

/**
 * A configuration file: YAML or JSON in our form, or an appsettings.json of the original, told by its section, or by its keys, all
 * of which in JSON of .NET begin with a capital letter; what stands beside the section there is other software's.
 *
 * @throws StartError where the text is neither.
 */
export function readConfigFile(text: string, path: string): ConfigFile {
  const withoutMark = text.replace(/^\uFEFF/, '');
  const content = parseContent(withoutMark, path) ?? {};
  if (!isObject(content)) throw new StartError(`CONFIG_FILE ${path} must hold an object of options.`);
  const { section, others } = withoutSection(content, path);
  if (section === undefined) {
    const isOurs = !isJson(withoutMark) || others.some((key) => !/^[A-Z]/.test(key));
    return isOurs ? { values: content, warnings: [] } : foreign(others, path);
  }
  const { values, unused } = fromOriginal(section);
  return { values, warnings: unused.map((key) => `${ORIGINAL_SECTION}.${key} in ${path} is not in use.`) };
}

/** The original's section, also where its keys are written in one with it (`KataContainerManager:WarmPoolSize`), and the other keys. */
function withoutSection(
  content: Record<string, unknown>,
  path: string,
): { section?: Record<string, unknown>; others: string[] } {
  let section: Record<string, unknown> | undefined;
  const others: string[] = [];
  for (const [key, value] of Object.entries(content)) {
    const [head = '', ...below] = key.split(':');
    if (head.toLowerCase() !== ORIGINAL_SECTION.toLowerCase()) others.push(key);
    else if (below.length > 0) section = withValue(section, below, value);
    else if (value === null || isObject(value)) section = { ...section, ...value };
    else throw new StartError(`${ORIGINAL_SECTION} in CONFIG_FILE ${path} must be an object of options.`);
  }
  return { section, others };
}

/** An appsettings.json that says nothing to us; unless somebody has forgotten the section. */
function foreign(keys: readonly string[], path: string): ConfigFile {
  const { unused } = fromOriginal(Object.fromEntries(keys.map((key) => [key, null])));
  const forgotten = keys.filter((key) => !unused.includes(key) && key !== 'AllowedHosts');
  const why = `is not in use: it belongs into the section ${ORIGINAL_SECTION}.`;
  return { values: {}, warnings: forgotten.map((key) => `${key} in ${path} ${why}`) };
}

function isJson(text: string): boolean {
  return /^\s*(\/[/*][^]*)?\{/.test(text);
}

function parseContent(text: string, path: string): unknown {
  try {
    // YAML takes JSON too, but not what .NET's reader lets pass: comments and commas before an end.
    return isJson(text) ? (JSON.parse(strictJson(text)) as unknown) : (parse(text, { merge: true }) as unknown);
  } catch (error) {
    throw new StartError(
      `CONFIG_FILE ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** JSON without the comments and trailing commas that .NET's configuration reader accepts; strings stay as they are. */
function strictJson(text: string): string {
  const tokens = /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[^]*?\*\//g;
  const withoutComments = text.replace(tokens, (_token, string: string | undefined) => string ?? '');
  const commas = /("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g;
  return withoutComments.replace(commas, (_token, string: string | undefined) => string ?? '');
}
