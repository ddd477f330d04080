/**
 * Writes the protocol buffers wire format into one buffer that grows and is reused. Optimized for spans: short ASCII
 * strings are written in a loop, because a call into Node's native encoder costs more.
 */
export class ProtobufWriter {
  bytes: Buffer;
  position = 0;

  /** @param capacity initial size of the buffer */
  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for more bytes. Must be called before the writes below, unless they reserve themselves. */
  reserve(size: number): void {
    const needed = this.position + size;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  byte(value: number): void {
    this.bytes[this.position++] = value;
  }

  /** Writes an integer in [−2⁶³, 2⁶⁴), up to 10 bytes. JavaScript numbers hold 53 significant bits of it. */
  varint(value: number): void {
    if (value >= 0 && value < 0x80) this.bytes[this.position++] = value;
    else if (value >= 0) this.#positive(value);
    else this.#negative(value);
  }

  fixed32(value: number): void {
    const { bytes, position } = this;
    bytes[position] = value;
    bytes[position + 1] = value >>> 8;
    bytes[position + 2] = value >>> 16;
    bytes[position + 3] = value >>> 24;
    this.position = position + 4;
  }

  double(value: number): void {
    this.position = this.bytes.writeDoubleLE(value, this.position);
  }

  /** Writes length and content of a string; reserves its own room. A lone surrogate becomes U+FFFD. */
  string(text: string): void {
    this.reserve(MAX_VARINT + text.length * MAX_UTF8);
    const start = this.position;
    this.varint(text.length);
    if (this.text(text) === text.length) return;
    this.position = start;
    this.varint(Buffer.byteLength(text));
    this.position += this.bytes.write(text, this.position);
  }

  /**
   * Writes the content of a string in UTF-8.
   *
   * @returns the number of bytes; −1 if a short string is not ASCII and was written in part only
   */
  text(text: string): number {
    const { length } = text;
    if (length > LONGEST_LOOPED) {
      const written = this.bytes.write(text, this.position);
      this.position += written;
      return written;
    }
    const { bytes } = this;
    let { position } = this;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return -1;
      bytes[position++] = unit;
    }
    this.position = position;
    return length;
  }

  /** Writes length and content; reserves its own room. */
  binary(content: Uint8Array): void {
    this.reserve(MAX_VARINT + content.length);
    this.varint(content.length);
    this.append(content);
  }

  /** Appends encoded bytes; reserves its own room. */
  append(content: Uint8Array): void {
    this.reserve(content.length);
    this.bytes.set(content, this.position);
    this.position += content.length;
  }

  /**
   * Begins a message of unknown length; reserves its own room.
   *
   * @param size expected size of the length field; a wrong guess costs a move of the content
   * @returns start of the content, for `end`
   */
  begin(size: 1 | 2): number {
    this.reserve(size);
    this.position += size;
    return this.position;
  }

  /** Ends the message that `begin` began, by writing its length before `start`. */
  end(start: number, size: 1 | 2): void {
    const length = this.position - start;
    const needed = varintSize(length);
    if (needed !== size) {
      this.reserve(needed);
      this.bytes.copyWithin(start - size + needed, start, this.position);
    }
    this.position = start - size;
    this.varint(length);
    this.position += length;
  }

  #positive(value: number): void {
    const { bytes } = this;
    let { position } = this;
    let rest = value;
    while (rest > 0xffffffff) {
      // Bit operations are limited to 32 bits; dividing by a power of two is exact.
      bytes[position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    for (rest >>>= 0; rest > 0x7f; rest >>>= 7) bytes[position++] = (rest & 0x7f) | 0x80;
    bytes[position++] = rest;
    this.position = position;
  }

  /** Writes two's complement, ten bytes. */
  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
  }
}

/** Returns the encoded size of an integer below 2³². */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Encoded size of the longest integer. */
export const MAX_VARINT = 10;
/** Largest number of UTF-8 bytes of a UTF-16 code unit. */
export const MAX_UTF8 = 3;
/** Longest string for which the loop is faster than a native call. */
const LONGEST_LOOPED = 20;
