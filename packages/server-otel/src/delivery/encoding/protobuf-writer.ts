/**
 * Bytes in the protocol buffers wire format, in one buffer that grows and is used again. Made for spans: short ASCII
 * strings are written by hand, since a call into Node's native encoders costs more than they do.
 */
export class ProtobufWriter {
  bytes: Buffer;
  position = 0;

  /** @param capacity bytes to begin with */
  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for so many more bytes; every write below relies on a caller that has done so. */
  reserve(size: number): void {
    const needed = this.position + size;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  byte(value: number): void {
    this.bytes[this.position++] = value;
  }

  /** An integer in [−2⁶³, 2⁶⁴), of which JavaScript's numbers hold those with up to 53 significant bits. Up to 10 bytes. */
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

  /** Length and content of a string; reserves its own room. A lone surrogate becomes U+FFFD. */
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
   * The content of a string in UTF-8.
   *
   * @returns how many bytes it has, or −1 when it turned out not to be ASCII before it was written completely
   */
  text(text: string): number {
    const { length } = text;
    if (length > BY_HAND) {
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

  /** Length and content; reserves its own room. */
  binary(content: Uint8Array): void {
    this.reserve(MAX_VARINT + content.length);
    this.varint(content.length);
    this.append(content);
  }

  /** Bytes that are encoded already; reserves its own room. */
  append(content: Uint8Array): void {
    this.reserve(content.length);
    this.bytes.set(content, this.position);
    this.position += content.length;
  }

  /**
   * Begins a message whose length is not known yet; reserves its own room.
   *
   * @param size bytes that its length will probably take; any other costs a move of the content
   */
  begin(size: 1 | 2): number {
    this.reserve(size);
    this.position += size;
    return this.position;
  }

  /** Puts the length before the message that `begin` began; `start` is what it returned. */
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
      // Bit operations end at 32 bits; a division by a power of two loses nothing.
      bytes[position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    for (rest >>>= 0; rest > 0x7f; rest >>>= 7) bytes[position++] = (rest & 0x7f) | 0x80;
    bytes[position++] = rest;
    this.position = position;
  }

  /** Two's complement, ten bytes. */
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

/** Bytes of a length or another integer below 2³². */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Bytes of the longest integer. */
export const MAX_VARINT = 10;
/** UTF-8 bytes of a UTF-16 code unit, at most. */
export const MAX_UTF8 = 3;
/** Up to this length a loop is faster than a native call. */
const BY_HAND = 20;
