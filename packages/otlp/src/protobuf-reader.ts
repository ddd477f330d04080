/*
 * Reads the few messages that an exporter has to understand: responses, the `google.rpc.Status` of an error, and the
 * nesting of its own requests. No module of the pipeline exports a decoder for the last two. All functions throw
 * RangeError if the bytes are not a message.
 */

/** A field of a message. */
export interface Field {
  readonly number: number;
  /** Field number and wire type as they are encoded. */
  readonly tag: number;
  /** A number (int64) of wire type 0, bytes of the others. */
  readonly value: number | Buffer;
  /** The whole field with its tag. */
  readonly raw: Buffer;
}

/** Returns the last value of a field that holds a number; 0 if there is none. */
export function numberField(bytes: Uint8Array, number: number): number {
  const values = valuesOf(bytes, number).filter((value) => typeof value === 'number');
  return values.at(-1) ?? 0;
}

/** Returns the values of a field that holds bytes, text or messages. */
export function bytesFields(bytes: Uint8Array, number: number): Buffer[] {
  return valuesOf(bytes, number).filter((value) => typeof value !== 'number');
}

/** Returns all fields in their order. */
export function readFields(bytes: Uint8Array): Field[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Field[] = [];
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let index = 0; index < LONGEST_VARINT; index++) {
      const byte = buffer.readUInt8(position++);
      value += (byte & 0x7f) * 2 ** (7 * index);
      // Exact up to 2⁵³; a negative number remains one or becomes 0.
      if (byte < 0x80) return value < 2 ** 63 ? value : value - 2 ** 64;
    }
    throw new RangeError('varint is longer than 10 bytes');
  };
  const content = (size: number): Buffer => {
    if (!(size >= 0 && position + size <= buffer.length)) throw new RangeError('field is longer than its message');
    position += size;
    return buffer.subarray(position - size, position);
  };
  while (position < buffer.length) {
    const start = position;
    const tag = varint();
    const read = READERS[tag & 7];
    if (read === undefined) throw new RangeError(`unknown wire type ${tag & 7}`);
    const value = read(varint, content);
    fields.push({ number: tag >>> 3, tag, value, raw: buffer.subarray(start, position) });
  }
  return fields;
}

function valuesOf(bytes: Uint8Array, number: number): Array<number | Buffer> {
  return readFields(bytes)
    .filter((field) => field.number === number)
    .map(({ value }) => value);
}

type Read = (varint: () => number, content: (size: number) => Buffer) => number | Buffer;

/** Readers by wire type. */
const READERS: Readonly<Record<number, Read>> = {
  0: (varint) => varint(),
  1: (_, content) => content(8),
  2: (varint, content) => content(varint()),
  5: (_, content) => content(4),
};
const LONGEST_VARINT = 10;
