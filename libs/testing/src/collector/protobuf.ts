/** The fields of a protobuf message by their numbers, each with all its values: bytes, or numbers. Enough to read what OTLP sends. */
export type Message = Map<number, (Buffer | bigint)[]>;

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** @throws RangeError, Error where the bytes are no message */
export function messageOf(bytes: Buffer): Message {
  const fields: Message = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const next = (type: number): Buffer | bigint => {
    switch (type) {
      case VARINT:
        return varint();
      case FIXED_64:
        return bytes.readBigUInt64LE((at += 8) - 8);
      case FIXED_32:
        return BigInt(bytes.readUInt32LE((at += 4) - 4));
      case BYTES: {
        const length = Number(varint());
        if (at + length > bytes.length) throw new RangeError('a field runs over its message');
        return bytes.subarray(at, (at += length));
      }
      default:
        throw new Error(`wire type ${type}`);
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const value = next(key & 7);
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

/** Messages within one. */
export function messagesIn(message: Message, field: number): Message[] {
  return (message.get(field) ?? []).map((bytes) => messageOf(bytes as Buffer));
}

export function textIn(message: Message, field: number): string {
  return bytesIn(message, field).toString();
}

export function hexIn(message: Message, field: number): string {
  return bytesIn(message, field).toString('hex');
}

export function numberIn(message: Message, field: number): bigint {
  return (message.get(field)?.[0] ?? 0n) as bigint;
}

function bytesIn(message: Message, field: number): Buffer {
  return (message.get(field)?.[0] ?? Buffer.alloc(0)) as Buffer;
}
