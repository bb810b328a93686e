/**
 * The most bytes of a line of a stream: Go's `bufio.Scanner` and aiohttp give up at 65,536 (and count what is around the line),
 * and end the whole stream.
 */
export const LINE_MAX_BYTES = 60_000;

/** What of a line is left to its JSON value, in bytes; the rest is for the field's name, the event's and its id. */
export const VALUE_MAX_BYTES = LINE_MAX_BYTES - 300;

/** Characters that end a line for readers that split as Python's `str.splitlines` does, and that JSON leaves as they are. */
const SEPARATORS = /[\u0085\u2028\u2029]/g;

/** How much of a text, and of a list or map, is kept where a value is too long for a line; each next where that was not enough. */
const KEPT = [
  { characters: 1_000, entries: 64 },
  { characters: 100, entries: 64 },
  { characters: 100, entries: 8 },
] as const;
type Kept = (typeof KEPT)[number];

/** JSON text without a character that ends a line for anybody. Such characters occur only inside of strings, as escapes here. */
export function escapeSeparators(json: string): string {
  return json.replace(SEPARATORS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * A value as JSON that fits into a line of a stream. One that is too long loses the ends of its long texts, and what its lists
 * and maps have beyond the 64th entry: such are words of Kubernetes or of an executor, for people.
 */
export function jsonLine(value: unknown): string {
  let json = escapeSeparators(JSON.stringify(value));
  for (const kept of KEPT) {
    if (Buffer.byteLength(json) <= VALUE_MAX_BYTES) break;
    json = escapeSeparators(JSON.stringify(shortened(value, kept)));
  }
  return json;
}

function shortened(value: unknown, kept: Kept): unknown {
  if (typeof value === 'string')
    return value.length > kept.characters ? `${beginning(value, kept.characters)}…` : value;
  if (Array.isArray(value)) return value.slice(0, kept.entries).map((part) => shortened(part, kept));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).slice(0, kept.entries);
  return Object.fromEntries(entries.map(([key, part]) => [key, shortened(part, kept)]));
}

/** The first so many characters, or one less: not half of one. */
function beginning(text: string, characters: number): string {
  const isWithin = /[\ud800-\udbff]/.test(text.charAt(characters - 1));
  return text.slice(0, isWithin ? characters - 1 : characters);
}
