/** What posix_spawn is given, in one piece of memory. Each address is within it. */
export interface SpawnFrame {
  /** To be held for as long as the addresses are used. */
  bytes: Buffer;
  /** Where the new process's id is written to: four bytes at the beginning. */
  pid: bigint;
  path: bigint;
  argv: bigint;
  environment: bigint;
}

const POINTER_BYTES = 8;

/**
 * A path, the arguments and the environment as C has them.
 *
 * @throws TypeError, code ERR_INVALID_ARG_VALUE as Node's own, for a text with a NUL: C would see only what is before it.
 */
export function spawnFrame(
  path: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  addressOf: (bytes: Uint8Array) => bigint,
): SpawnFrame {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const texts = [path, ...argv, ...variables];
  texts.forEach(refuseNul);
  // The id, both lists with a null pointer at their ends, and the texts with a NUL each.
  const pointers = 1 + argv.length + 1 + variables.length + 1;
  const size = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, pointers * POINTER_BYTES);
  const bytes = Buffer.alloc(size);
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, pointers);
  const start = addressOf(bytes);
  let end = pointers * POINTER_BYTES;
  const put = (text: string): bigint => {
    const address = start + BigInt(end);
    end += bytes.write(text, end) + 1;
    return address;
  };
  const putList = (list: readonly string[], first: number): bigint => {
    list.forEach((text, index) => (words[first + index] = put(text)));
    return start + BigInt(first * POINTER_BYTES);
  };
  return {
    bytes,
    pid: start,
    path: put(path),
    argv: putList(argv, 1),
    environment: putList(variables, 1 + argv.length + 1),
  };
}

/** @throws TypeError, code ERR_INVALID_ARG_VALUE. */
export function refuseNul(text: string): void {
  if (!text.includes('\0')) return;
  throw Object.assign(new TypeError('A text for the system has a NUL in it.'), { code: 'ERR_INVALID_ARG_VALUE' });
}
