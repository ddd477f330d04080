/** One field of a message in the protocol buffers wire format. */
export interface ProtobufField {
  readonly number: number;
  /** A number of wire type 0 (cut to 64 bits, signed), or the content of wire type 2, 1 or 5. */
  readonly value: bigint | Buffer;
}

/**
 * The fields of a message, for the two small answers that a collector gives.
 *
 * @throws RangeError when the bytes are not a message
 */
export function* protobufFields(bytes: Uint8Array): Generator<ProtobufField> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  const varint = (): bigint => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = BigInt(buffer.readUInt8(position++));
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return BigInt.asIntN(64, value);
    }
  };
  const content = (size: number): Buffer => {
    if (size < 0 || position + size > buffer.length) throw new RangeError('a field is longer than its message');
    position += size;
    return buffer.subarray(position - size, position);
  };
  while (position < buffer.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    if (wireType === 0) yield { number: tag >>> 3, value: varint() };
    else if (wireType === 1) yield { number: tag >>> 3, value: content(8) };
    else if (wireType === 2) yield { number: tag >>> 3, value: content(Number(varint())) };
    else if (wireType === 5) yield { number: tag >>> 3, value: content(4) };
    else throw new RangeError(`wire type ${wireType} is not in use`);
  }
}

/** The last value of a field that holds a number; 0 when there is none. */
export function numberField(bytes: Uint8Array, number: number): number {
  let found = 0;
  for (const field of protobufFields(bytes)) {
    if (field.number === number && typeof field.value === 'bigint') found = Number(field.value);
  }
  return found;
}

/** The values of a field that holds bytes, text or messages. */
export function bytesFields(bytes: Uint8Array, number: number): Buffer[] {
  const found: Buffer[] = [];
  for (const field of protobufFields(bytes)) {
    if (field.number === number && typeof field.value !== 'bigint') found.push(field.value);
  }
  return found;
}
