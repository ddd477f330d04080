import type { Attributes } from '@opentelemetry/api';
import { type KnownText, KnownTexts, LONGEST_KNOWN_VALUE } from './known-text.ts';
import { MAX_UTF8, MAX_VARINT, type ProtobufWriter, varintSize } from './protobuf-writer.ts';

/**
 * Attributes as a repeated `KeyValue`, in their own order.
 * What stands in an attribute is the user's, and need not be what its type says.
 *
 * @param tag of the repeated field, one byte
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

function writeText(writer: ProtobufWriter, tag: number, key: KnownText, text: string): void {
  writer.reserve(FRAME + key.bytes.length + text.length * MAX_UTF8);
  writer.byte(tag);
  const known = key.values?.get(text);
  if (known !== undefined) {
    writer.bytes.set(known, writer.position);
    writer.position += known.length;
    return;
  }
  const start = writer.position;
  writeNewText(writer, key.bytes, text);
  if (key.values !== undefined && text.length <= LONGEST_KNOWN_VALUE) {
    KEYS.learn(key, text, writer.bytes.subarray(start, writer.position));
  }
}

/** A string is nearly always ASCII: then all lengths are known before the content is written. */
function writeNewText(writer: ProtobufWriter, key: Uint8Array, text: string): void {
  const start = writer.position;
  beginText(writer, key, text.length);
  if (writer.text(text) === text.length) return;
  writer.position = start;
  beginText(writer, key, Buffer.byteLength(text));
  writer.position += writer.bytes.write(text, writer.position);
}

/** Everything but the content of the string. */
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

/** A boolean, or an integer below 2³²: its length is known. */
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

/** An `AnyValue` with its length. */
function writeNested(writer: ProtobufWriter, value: unknown): void {
  const start = writer.begin(1);
  writeAnyValue(writer, value);
  writer.end(start, 1);
}

/** The content of an `AnyValue`; nothing for what it cannot hold, such as null. */
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

/** Integers from −2⁶³ to below 2⁶³, those above 2⁵³ too, are `int_value`, −0 is 0; everything else is a double. */
function writeNumber(writer: ProtobufWriter, value: number): void {
  if (Number.isInteger(value) && value >= -TWO_63 && value < TWO_63) {
    writer.byte(INTEGER);
    writer.varint(value);
  } else {
    writer.byte(DOUBLE);
    writer.double(value);
  }
}

/** The optimising compiler knows it in such a loop, but not `Object.hasOwn`. */
const hasOwn = Object.prototype.hasOwnProperty;
const KEYS = new KnownTexts();

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

/** More than the tags and lengths around one attribute take. */
const FRAME = 64;
const TWO_63 = 2 ** 63;
