/**
 * How many bytes at the end of `bytes[from, to)` are a UTF-8 sequence that only further bytes can finish: 0 to 3. Bytes that
 * no continuation can make valid are not counted: they are what they are (Unicode 3.9, table 3-7).
 */
export function unfinishedBytes(bytes: Uint8Array, from: number, to: number): number {
  for (let count = 1; count <= 3 && to - count >= from; count += 1) {
    const byte = bytes[to - count] ?? 0;
    if (!isContinuation(byte)) {
      return lengthOf(byte) > count && (count === 1 || canFollow(byte, bytes[to - count + 1] ?? 0)) ? count : 0;
    }
  }
  return 0;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The length of the sequence that a lead byte begins; 1 for what begins none. */
function lengthOf(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

/** Whether a continuation byte may come second: overlong forms, surrogates and what is above U+10FFFF are excluded. */
function canFollow(lead: number, second: number): boolean {
  switch (lead) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second <= 0x9f;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second <= 0x8f;
    default:
      return true;
  }
}
