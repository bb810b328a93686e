import { StartError } from '@warmbox/platform';
import { parse } from 'yaml';
import { isObject } from './option.layers.js';
import { fromOriginal, ORIGINAL_SECTION } from './original.form.js';

export interface ConfigFile {
  /** Values in our form. */
  values: Record<string, unknown>;
  /** What the file says in vain. */
  warnings: string[];
}

/**
 * A configuration file: YAML or JSON in our form, or an appsettings.json of the original, told by its section; what stands
 * beside the section there is other software's.
 *
 * @throws StartError where the text is neither.
 */
export function readConfigFile(text: string, path: string): ConfigFile {
  const content = parseContent(text.replace(/^\uFEFF/, ''), path) ?? {};
  if (!isObject(content)) throw new StartError(`CONFIG_FILE ${path} must hold an object of options.`);
  const section = Object.entries(content).find(([key]) => key.toLowerCase() === ORIGINAL_SECTION.toLowerCase())?.[1];
  if (section === undefined) return { values: content, warnings: [] };
  if (section !== null && !isObject(section)) {
    throw new StartError(`${ORIGINAL_SECTION} in CONFIG_FILE ${path} must be an object of options.`);
  }
  const { values, unused } = fromOriginal(section ?? {});
  return { values, warnings: unused.map((key) => `${ORIGINAL_SECTION}.${key} in ${path} is not in use.`) };
}

function parseContent(text: string, path: string): unknown {
  try {
    // YAML takes JSON too, but not what .NET's reader lets pass: comments and commas before an end.
    return /^\s*(\/[/*][^]*)?\{/.test(text) ? (JSON.parse(strictJson(text)) as unknown) : (parse(text) as unknown);
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
