/** How deep lists and objects of a body may lie in each other; the body itself is the first. */
export const JSON_DEPTH_MAX = 16;

/**
 * The most values that a body may hold, all of its lists and objects together. The largest request that there is has some 9,400, most
 * of them variables.
 */
export const JSON_VALUES_MAX = 20_000;

/** What is wrong with a body, and where, as a JSON pointer. */
export interface JsonFault {
  pointer: string;
  detail: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const LIST = 0x5b;
const LIST_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;

/** Which bytes say something about the form; most are passed over. */
const IS_MARK = new Uint8Array(256);
for (const mark of [QUOTE, COMMA, COLON, LIST, LIST_END, OBJECT, OBJECT_END]) IS_MARK[mark] = 1;

/** A list or object that is open at an offset of the text. */
interface Frame {
  isList: boolean;
  /** How many of its values are before that offset. */
  index: number;
  /** Where the key of the current value is in the text; of objects. */
  key: [start: number, end: number];
}

/**
 * Counts the values and the depth of a text of JSON, without reading any of them: 8 MiB of `{},` would take JSON.parse a second and
 * 190 MB, and one that is nested four million deep more. Whether it is JSON at all is for the parser to say.
 *
 * @returns the first bound that it breaks; undefined where it keeps them
 */
export function scanJson(text: Buffer): JsonFault | undefined {
  const frames: Frame[] = [];
  let values = 1;
  let string: [number, number] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] as number;
    if (IS_MARK[byte] === 0) continue;
    if (byte === QUOTE) {
      const end = endOfString(text, at + 1);
      string = [at, end + 1];
      at = end;
    } else if (byte === COLON) {
      const frame = frames.at(-1);
      if (frame !== undefined) frame.key = string;
    } else if (byte === LIST_END || byte === OBJECT_END) {
      frames.pop();
    } else if (byte === COMMA || byte === LIST || byte === OBJECT) {
      const frame = frames.at(-1);
      values += 1;
      if (values > JSON_VALUES_MAX) {
        const detail = `must not hold more values: a body may have ${JSON_VALUES_MAX} in all`;
        return { pointer: pointerTo(frames.slice(0, -1), text), detail };
      }
      if (byte === COMMA) {
        if (frame !== undefined) frame.index += 1;
      } else if (frames.length === JSON_DEPTH_MAX) {
        const detail = `must not be nested more than ${JSON_DEPTH_MAX} deep`;
        return { pointer: pointerTo(frames, text), detail };
      } else frames.push({ isList: byte === LIST, index: 0, key: [0, 0] });
    }
  }
  return undefined;
}

/** Where a string's closing quote is. */
function endOfString(text: Buffer, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** Where in the body the current value of the last of these is. */
function pointerTo(frames: Frame[], text: Buffer): string {
  return frames.map(({ isList, index, key }) => `/${isList ? index : tokenOf(text.subarray(...key))}`).join('');
}

/** A key as it is written, as a token of a pointer. */
function tokenOf(key: Buffer): string {
  const text = key.subarray(1, -1).toString();
  return text.replaceAll('~', '~0').replaceAll('/', '~1');
}
