/*
 * Reads the `google.rpc.Status` that a collector attaches to an error: no module of the pipeline exports a decoder for
 * it. All functions throw RangeError if the bytes are not a message.
 */

/** Returns the last value of a field that holds a number; 0 if there is none. */
export function numberField(bytes: Uint8Array, number: number): number {
  const values = fieldsOf(bytes, number).filter((value) => typeof value === 'number');
  return values.at(-1) ?? 0;
}

/** Returns the values of a field that holds bytes, text or messages. */
export function bytesFields(bytes: Uint8Array, number: number): Buffer[] {
  return fieldsOf(bytes, number).filter((value) => typeof value !== 'number');
}

/** Values of a field: a number (int64) of wire type 0, bytes of the others. */
function fieldsOf(bytes: Uint8Array, number: number): Array<number | Buffer> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Array<number | Buffer> = [];
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
    const tag = varint();
    const read = READERS[tag & 7];
    if (read === undefined) throw new RangeError(`unknown wire type ${tag & 7}`);
    const value = read(varint, content);
    if (tag >>> 3 === number) values.push(value);
  }
  return values;
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
