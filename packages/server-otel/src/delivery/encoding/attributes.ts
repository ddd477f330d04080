import type { Attributes } from '@opentelemetry/api';
import { encodedKey } from './attribute-key.ts';
import { MAX_UTF8, MAX_VARINT, type ProtobufWriter, varintSize } from './protobuf-writer.ts';

/**
 * Attributes as a repeated `KeyValue`, in their own order.
 * What stands in an attribute is the user's, and need not be what its type says.
 *
 * @param tag of the repeated field, one byte
 */
export function writeAttributes(writer: ProtobufWriter, tag: number, attributes: Attributes): void {
  for (const key in attributes) {
    if (!Object.hasOwn(attributes, key)) continue;
    const value = attributes[key];
    if (typeof value === 'string') writeText(writer, tag, encodedKey(key), value);
    else writeKeyValue(writer, tag, encodedKey(key), value);
  }
}

/** A string is nearly always ASCII: then all lengths are known before the content is written. */
function writeText(writer: ProtobufWriter, tag: number, key: Uint8Array, text: string): void {
  writer.reserve(FRAME + key.length + text.length * MAX_UTF8);
  const start = writer.position;
  beginText(writer, tag, key, text.length);
  if (writer.text(text) === text.length) return;
  writer.position = start;
  beginText(writer, tag, key, Buffer.byteLength(text));
  writer.position += writer.bytes.write(text, writer.position);
}

/** Everything but the content of the string. */
function beginText(writer: ProtobufWriter, tag: number, key: Uint8Array, length: number): void {
  const anyValue = 1 + varintSize(length) + length;
  writer.byte(tag);
  writer.varint(key.length + 1 + varintSize(anyValue) + anyValue);
  writer.bytes.set(key, writer.position);
  writer.position += key.length;
  writer.byte(VALUE);
  writer.varint(anyValue);
  writer.byte(STRING);
  writer.varint(length);
}

function writeKeyValue(writer: ProtobufWriter, tag: number, key: Uint8Array, value: unknown): void {
  writer.reserve(FRAME + key.length);
  writer.byte(tag);
  const start = writer.begin(1);
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

/** Tags of `opentelemetry.proto.common.v1`: field number · 8 + wire type. */
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
