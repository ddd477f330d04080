import type { Attributes } from '@opentelemetry/api';
import { MAX_UTF8, MAX_VARINT, type ProtobufWriter, varintSize } from './protobuf-writer.ts';

/**
 * Attributes as a repeated `KeyValue` with this field number, in their own order.
 * What stands in an attribute is the user's, and need not be what its type says.
 *
 * @param tag of the repeated field, which is below 16
 */
export function writeAttributes(writer: ProtobufWriter, tag: number, attributes: Attributes): void {
  for (const key in attributes) {
    if (!Object.hasOwn(attributes, key)) continue;
    const value = attributes[key];
    if (typeof value === 'string') writeText(writer, tag, key, value);
    else if (typeof value === 'number' || typeof value === 'boolean') writeScalar(writer, tag, key, value);
    else writeKeyValue(writer, tag, key, value);
  }
}

/** A string under a string, nearly always ASCII, so that all lengths are known before the content. */
function writeText(writer: ProtobufWriter, tag: number, key: string, value: string): void {
  writer.reserve(FRAME + (key.length + value.length) * MAX_UTF8);
  const start = writer.position;
  beginText(writer, tag, key.length, value.length);
  if (writer.text(key) === key.length) {
    textValue(writer, value.length);
    if (writer.text(value) === value.length) return;
  }
  writer.position = start;
  const keyLength = Buffer.byteLength(key);
  const length = Buffer.byteLength(value);
  beginText(writer, tag, keyLength, length);
  writer.position += writer.bytes.write(key, writer.position);
  textValue(writer, length);
  writer.position += writer.bytes.write(value, writer.position);
}

function beginText(writer: ProtobufWriter, tag: number, keyLength: number, length: number): void {
  const value = 1 + varintSize(length) + length;
  beginKeyValue(writer, tag, keyLength, value);
}

function textValue(writer: ProtobufWriter, length: number): void {
  writer.byte(VALUE);
  writer.varint(1 + varintSize(length) + length);
  writer.byte(STRING);
  writer.varint(length);
}

/** Tags and lengths up to the key's content. */
function beginKeyValue(writer: ProtobufWriter, tag: number, keyLength: number, valueLength: number): void {
  writer.byte(tag);
  writer.varint(1 + varintSize(keyLength) + keyLength + 1 + varintSize(valueLength) + valueLength);
  writer.byte(KEY);
  writer.varint(keyLength);
}

/** A number or a boolean: never more than 11 bytes, so that one byte holds the length. */
function writeScalar(writer: ProtobufWriter, tag: number, key: string, value: number | boolean): void {
  if (key.length > SHORT_KEY) {
    writeKeyValue(writer, tag, key, value);
    return;
  }
  writer.reserve(FRAME + key.length * MAX_UTF8);
  writer.byte(tag);
  const start = writer.begin(1);
  writer.byte(KEY);
  writer.string(key);
  writer.byte(VALUE);
  const content = writer.begin(1);
  writeAnyValue(writer, value);
  writer.end(content, 1);
  writer.end(start, 1);
}

function writeKeyValue(writer: ProtobufWriter, tag: number, key: string, value: unknown): void {
  writer.reserve(FRAME);
  writer.byte(tag);
  const start = writer.begin(1);
  writer.byte(KEY);
  writer.string(key);
  writer.reserve(1);
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
  } else if (typeof value === 'boolean') {
    writer.byte(BOOLEAN);
    writer.byte(value ? 1 : 0);
  } else if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= MIN_INT64 && value < MAX_INT64) {
      writer.byte(INTEGER);
      writer.varint(value);
    } else {
      writer.byte(DOUBLE);
      writer.double(value);
    }
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

/** Everything around key and value of one attribute: tags and lengths, or a number. */
const FRAME = 64;
/** With this key an attribute that is a number stays below 128 bytes, whatever the key's characters. */
const SHORT_KEY = 32;
/** Bounds of an integer; beyond them, and at 2⁶³ itself, numbers are doubles. */
const MIN_INT64 = -(2 ** 63);
const MAX_INT64 = 2 ** 63;
