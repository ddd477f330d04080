import type { Attributes } from '@opentelemetry/api';
import { MAX_UTF8, MAX_VARINT, ProtobufWriter, varintSize } from './protobuf-writer.ts';

/**
 * Writes attributes as a repeated `KeyValue`, in their own order. Values come from the user and may have any type,
 * whatever their declaration says.
 *
 * @param tag tag of the repeated field, one byte
 */
export function writeAttributes(writer: ProtobufWriter, tag: number, attributes: Attributes): void {
  for (const key in attributes) {
    if (!hasOwn.call(attributes, key)) continue;
    const value = attributes[key];
    if (typeof value === 'string') writeText(writer, tag, KEYS.get(key), value);
    else if (typeof value === 'boolean') writeSmall(writer, tag, KEYS.get(key).bytes, BOOLEAN, value ? 1 : 0);
    else if (typeof value === 'number' && value >>> 0 === value) {
      writeSmall(writer, tag, KEYS.get(key).bytes, INTEGER, value);
    } else writeKeyValue(writer, tag, KEYS.get(key).bytes, value);
  }
}

function writeText(writer: ProtobufWriter, tag: number, key: CachedText, text: string): void {
  writer.reserve(FRAME + key.bytes.length + text.length * MAX_UTF8);
  writer.byte(tag);
  const cached = key.values?.get(text);
  if (cached !== undefined) {
    writer.bytes.set(cached, writer.position);
    writer.position += cached.length;
    return;
  }
  const start = writer.position;
  writeNewText(writer, key.bytes, text);
  if (key.values !== undefined && text.length <= LONGEST_CACHED_VALUE) {
    KEYS.addValue(key, text, writer.bytes.subarray(start, writer.position));
  }
}

/** Optimized for ASCII, where all lengths are known before the content is written. */
function writeNewText(writer: ProtobufWriter, key: Uint8Array, text: string): void {
  const start = writer.position;
  beginText(writer, key, text.length);
  if (writer.text(text) === text.length) return;
  writer.position = start;
  beginText(writer, key, Buffer.byteLength(text));
  writer.position += writer.bytes.write(text, writer.position);
}

/** Writes everything but the content of the string. */
function beginText(writer: ProtobufWriter, key: Uint8Array, length: number): void {
  const anyValue = 1 + varintSize(length) + length;
  writer.varint(1 + key.length + 1 + varintSize(anyValue) + anyValue);
  writer.byte(KEY);
  writer.bytes.set(key, writer.position);
  writer.position += key.length;
  writer.byte(VALUE);
  writer.varint(anyValue);
  writer.byte(STRING);
  writer.varint(length);
}

/** Writes a boolean or an integer below 2³²; its length is known. */
function writeSmall(writer: ProtobufWriter, tag: number, key: Uint8Array, kind: number, value: number): void {
  const anyValue = 1 + varintSize(value);
  writer.reserve(FRAME + key.length);
  writer.byte(tag);
  writer.varint(1 + key.length + 2 + anyValue);
  writer.byte(KEY);
  writer.bytes.set(key, writer.position);
  writer.position += key.length;
  writer.byte(VALUE);
  writer.byte(anyValue);
  writer.byte(kind);
  writer.varint(value);
}

function writeKeyValue(writer: ProtobufWriter, tag: number, key: Uint8Array, value: unknown): void {
  writer.reserve(FRAME + key.length);
  writer.byte(tag);
  const start = writer.begin(1);
  writer.byte(KEY);
  writer.append(key);
  writer.byte(VALUE);
  writeNested(writer, value);
  writer.end(start, 1);
}

/** Writes an `AnyValue` with its length. */
function writeNested(writer: ProtobufWriter, value: unknown): void {
  const start = writer.begin(1);
  writeAnyValue(writer, value);
  writer.end(start, 1);
}

/** Writes the content of an `AnyValue`; nothing for a value that it cannot hold, such as null. */
function writeAnyValue(writer: ProtobufWriter, value: unknown): void {
  writer.reserve(1 + MAX_VARINT);
  if (typeof value === 'string') {
    writer.byte(STRING);
    writer.string(value);
  } else if (typeof value === 'number') {
    writeNumber(writer, value);
  } else if (typeof value === 'boolean') {
    writer.byte(BOOLEAN);
    writer.byte(value ? 1 : 0);
  } else if (value instanceof Uint8Array) {
    writer.byte(BYTES);
    writer.binary(value);
  } else if (Array.isArray(value)) {
    writer.byte(ARRAY);
    const start = writer.begin(1);
    for (const item of value) {
      writer.reserve(1);
      writer.byte(ITEM);
      writeNested(writer, item);
    }
    writer.end(start, 1);
  } else if (typeof value === 'object' && value !== null) {
    writer.byte(MAP);
    const start = writer.begin(1);
    writeAttributes(writer, ITEM, value as Attributes);
    writer.end(start, 1);
  }
}

/** Writes integers from −2⁶³ to below 2⁶³ as `int_value` (−0 as 0), everything else as a double. */
function writeNumber(writer: ProtobufWriter, value: number): void {
  if (Number.isInteger(value) && value >= -TWO_63 && value < TWO_63) {
    writer.byte(INTEGER);
    writer.varint(value);
  } else {
    writer.byte(DOUBLE);
    writer.double(value);
  }
}

/** V8 optimizes this call in a `for…in` loop, but not `Object.hasOwn`. */
const hasOwn = Object.prototype.hasOwnProperty;

/** Tags of `opentelemetry.proto.common.v1`: field number · 8 + wire type. */
const KEY = 0x0a;
const VALUE = 0x12;
const STRING = 0x0a;
const BOOLEAN = 0x10;
const INTEGER = 0x18;
const DOUBLE = 0x21;
const ARRAY = 0x2a;
const MAP = 0x32;
const BYTES = 0x3a;
const ITEM = 0x0a;

/** More bytes than the tags and lengths around one attribute take. */
const FRAME = 64;
const TWO_63 = 2 ** 63;

/** A text that recurs with every span, such as a span's name or an attribute's key, in its encoded form. */
interface CachedText {
  /** Length and content. */
  readonly bytes: Uint8Array;
  /** Only for keys: encoded attributes without their tag, by value. Undefined if a key has too many different values. */
  values: Map<string, Uint8Array> | undefined;
}

/** Cache of encoded texts. Bounded, even if an application puts ids into keys or names. */
export class TextCache {
  readonly #texts = new Map<string, CachedText>();
  #valueBytes = 0;

  get(text: string): CachedText {
    return this.#texts.get(text) ?? this.#add(text);
  }

  /** Caches the encoding of an attribute whose value may recur. */
  addValue(key: CachedText, value: string, encoded: Uint8Array): void {
    if (key.values === undefined || this.#valueBytes > MAX_VALUE_BYTES) return;
    if (key.values.size >= MAX_VALUES) {
      for (const { length } of key.values.values()) this.#valueBytes -= length;
      key.values = undefined;
      return;
    }
    key.values.set(value, Uint8Array.from(encoded));
    this.#valueBytes += encoded.length;
  }

  #add(text: string): CachedText {
    const writer = new ProtobufWriter(MAX_VARINT + text.length * MAX_UTF8);
    writer.string(text);
    const bytes = Uint8Array.from(writer.bytes.subarray(0, writer.position));
    if (text.length > MAX_LENGTH) return { bytes, values: undefined };
    if (this.#texts.size >= MAX_TEXTS) {
      this.#texts.clear();
      this.#valueBytes = 0;
    }
    const added = { bytes, values: new Map() };
    this.#texts.set(text, added);
    return added;
  }
}

/** Longer values are not cached. */
const LONGEST_CACHED_VALUE = 64;
const MAX_TEXTS = 2048;
const MAX_LENGTH = 256;
const MAX_VALUES = 64;
const MAX_VALUE_BYTES = 1024 * 1024;

/** Declared last: the class above must be initialized. */
const KEYS = new TextCache();
