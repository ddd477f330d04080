import { MAX_VARINT, ProtobufWriter } from './protobuf-writer.ts';

/**
 * The key of an attribute as field 1 of `KeyValue`: tag, length and content. Keys are few and come again with every
 * span, so they are encoded once; someone who puts ids into keys cannot make the cache grow.
 */
export function encodedKey(key: string): Uint8Array {
  return KEYS.get(key) ?? encode(key);
}

function encode(key: string): Uint8Array {
  const writer = new ProtobufWriter(MAX_VARINT + key.length);
  writer.byte(TAG);
  writer.string(key);
  const encoded = Uint8Array.prototype.slice.call(writer.bytes, 0, writer.position);
  if (key.length > MAX_LENGTH) return encoded;
  if (KEYS.size >= MAX_KEYS) KEYS.clear();
  KEYS.set(key, encoded);
  return encoded;
}

const KEYS = new Map<string, Uint8Array>();
const MAX_KEYS = 2048;
const MAX_LENGTH = 256;
const TAG = 0x0a;
