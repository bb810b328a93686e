import { isAscii, isUtf8 } from 'node:buffer';
import type { OutputEncoding } from '@warmbox/contracts';
import { escapeSeparators, VALUE_MAX_BYTES } from '@warmbox/platform';
import { unfinishedBytes } from '../output/character.boundary.js';

/** What fits into one event. */
export interface OutputPiece {
  /** How many bytes of output it is. */
  count: number;
  /** They as a JSON string. */
  json: string;
  /** Bytes of the JSON in UTF-8, or a few more. */
  size: number;
  /** Whether the string has only characters of ASCII. */
  isAscii: boolean;
}

/** Bytes of an event's string, and what escapes make of one byte at most: `\u0000`. */
const STRING_MAX_BYTES = VALUE_MAX_BYTES - 100;
const ESCAPE_BYTES = 6;
/** Bytes that fit, however many there are. */
const BASE64_COUNT = Math.floor(STRING_MAX_BYTES / 4) * 3;

/** What a piece may grow more than the one before it without being too long. */
const SLACK = 1.02;

/** Bytes of JSON that each byte of output costs at most: where the output is UTF-8, and where a byte may become U+FFFD. */
const COST_OF_TEXT = costs({ other: 1, c2: 5, e2: 4 });
const COST_OF_ANY = costs({ other: 3, c2: 3, e2: 3 });

/** The first two bytes of U+2028 and U+2029, and U+0085. */
const SEPARATORS = [Buffer.from([0xe2, 0x80]), Buffer.from([0xc2, 0x85])];

/**
 * Cuts output into the strings of events whose lines stay below the bound, between characters. How much the escapes make of
 * it is taken from the piece before: a look at each byte would cost a tenth of all the output that there can be.
 */
export class OutputPieces {
  /** Bytes of JSON for a byte of output. */
  private growth = 1;

  constructor(private readonly encoding: OutputEncoding) {}

  /** The first piece of these bytes, of which there is at least one; they begin between characters. */
  next(bytes: Buffer): OutputPiece {
    if (this.encoding === 'base64') {
      const count = whole(bytes, BASE64_COUNT);
      const json = `"${bytes.toString('base64', 0, count)}"`;
      return { count, json, size: json.length, isAscii: true };
    }
    const most = whole(bytes, Math.floor(STRING_MAX_BYTES / this.growth));
    let piece = pieceOf(bytes, most);
    if (piece.size > STRING_MAX_BYTES) piece = pieceOf(bytes, fitting(bytes, most));
    // A short one says little of the next.
    if (piece.size > STRING_MAX_BYTES / 8) this.growth = Math.max(1, (piece.size / piece.count) * SLACK);
    return piece;
  }
}

function pieceOf(bytes: Buffer, count: number): OutputPiece {
  const part = bytes.subarray(0, count);
  if (isAscii(part)) {
    const json = JSON.stringify(part.toString('latin1'));
    return { count, json, size: json.length, isAscii: true };
  }
  const text = part.toString('utf8');
  const json = SEPARATORS.some((separator) => part.includes(separator))
    ? escapeSeparators(JSON.stringify(text))
    : JSON.stringify(text);
  // Only ASCII grows in JSON, so what is UTF-8 need not be counted.
  const size = isUtf8(part) ? count + json.length - text.length : Buffer.byteLength(json);
  return { count, json, size, isAscii: false };
}

/** As many of the first bytes as cost what a string may have. */
function fitting(bytes: Buffer, most: number): number {
  const cost = isUtf8(bytes.subarray(0, most)) ? COST_OF_TEXT : COST_OF_ANY;
  let sum = 2;
  for (let count = 0; count < most; count += 1) {
    sum += cost[bytes[count] ?? 0] ?? ESCAPE_BYTES;
    if (sum > STRING_MAX_BYTES) return whole(bytes, count);
  }
  return most;
}

/** So many bytes, or up to three less: not within a character. */
function whole(bytes: Buffer, count: number): number {
  return count >= bytes.length ? bytes.length : count - unfinishedBytes(bytes, 0, count);
}

/** @param other a byte beyond ASCII; c2 and e2 may begin U+0085, U+2028, U+2029, which become escapes. */
function costs({ other, c2, e2 }: { other: number; c2: number; e2: number }): Uint8Array {
  const table = new Uint8Array(256).fill(other, 128);
  table.fill(ESCAPE_BYTES, 0, 0x20).fill(1, 0x20, 128);
  for (const short of '\b\t\n\f\r"\\') table[short.charCodeAt(0)] = 2;
  table[0xc2] = c2;
  table[0xe2] = e2;
  return table;
}
