import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { writeAttributes } from './attributes.ts';
import { MAX_VARINT, ProtobufWriter, varintSize } from './protobuf-writer.ts';

/** Envelope spans of one instrumentation scope. */
export interface ScopeSpans {
  readonly scope: InstrumentationScope;
  /** Items of `ScopeSpans.spans`, one after the other. */
  readonly spans: Uint8Array;
}

/**
 * Encodes an `ExportTraceServiceRequest` for spans of one resource.
 *
 * @param allocate returns a buffer of exactly the given size
 */
export function encodeRequest(
  resource: Resource,
  groups: readonly ScopeSpans[],
  allocate: (size: number) => Buffer,
): Buffer {
  const scopes = groups.map(({ scope, spans }) => ({ ...encodeScope(scope), spans }));
  const head = encodeResource(resource);
  const scopeSize = ({ before, spans, after }: (typeof scopes)[number]) => before.length + spans.length + after.length;
  let size = head.before.length + head.after.length;
  for (const scope of scopes) size += 1 + varintSize(scopeSize(scope)) + scopeSize(scope);

  const frame = new ProtobufWriter(0);
  frame.bytes = allocate(1 + varintSize(size) + size);
  frame.byte(RESOURCE_SPANS);
  frame.varint(size);
  frame.append(head.before);
  for (const scope of scopes) {
    frame.byte(SCOPE_SPANS);
    frame.varint(scopeSize(scope));
    frame.append(scope.before);
    frame.append(scope.spans);
    frame.append(scope.after);
  }
  frame.append(head.after);
  return frame.bytes;
}

/** Returns an upper bound of the bytes that a request needs around the spans of one resource. */
export function resourceFrameSize(resource: Resource): number {
  return resource.asyncAttributesPending ? EXPECTED_RESOURCE : frameSize(encodeResource(resource));
}

/** Returns an upper bound of the bytes that a request needs around the spans of one scope. */
export function scopeFrameSize(scope: InstrumentationScope): number {
  return frameSize(encodeScope(scope));
}

function frameSize({ before, after }: Envelope): number {
  return TAG_AND_LENGTH + before.length + after.length;
}

const TAG_AND_LENGTH = 6;
/** Size of a resource whose attributes are still being detected. A request that becomes too large is divided. */
const EXPECTED_RESOURCE = 16 * 1024;

/** Envelope resource or scope: the fields before and after its spans. */
interface Envelope {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

function encodeScope(scope: InstrumentationScope): Envelope {
  const known = SCOPES.get(scope);
  if (known !== undefined) return known;
  const writer = new ProtobufWriter(128);
  writer.byte(SCOPE);
  const start = writer.begin(1);
  writer.reserve(1);
  writer.byte(SCOPE_NAME);
  writer.string(scope.name);
  if (scope.version) {
    writer.reserve(1);
    writer.byte(SCOPE_VERSION);
    writer.string(scope.version);
  }
  writer.end(start, 1);
  const encoded = { before: writtenBytes(writer), after: encodeSchemaUrl(scope.schemaUrl) };
  SCOPES.set(scope, encoded);
  return encoded;
}

function encodeResource(resource: Resource): Envelope {
  const known = RESOURCES.get(resource);
  if (known !== undefined) return known;
  const writer = new ProtobufWriter(1024);
  writer.byte(RESOURCE);
  const start = writer.begin(2);
  writeAttributes(writer, RESOURCE_ATTRIBUTES, detectedAttributes(resource));
  writer.reserve(MAX_VARINT);
  writer.byte(RESOURCE_DROPPED_ATTRIBUTES);
  writer.byte(0);
  writer.end(start, 2);
  const encoded = { before: writtenBytes(writer), after: encodeSchemaUrl(resource.schemaUrl) };
  // Not cached while attributes are still being detected.
  if (!resource.asyncAttributesPending) RESOURCES.set(resource, encoded);
  return encoded;
}

/** Returns the attributes that are known; the resource itself would log an error while some are being detected. */
function detectedAttributes(resource: Resource): Attributes {
  if (!resource.asyncAttributesPending) return resource.attributes;
  const known = resource.getRawAttributes().filter(([, value]) => !(value instanceof Promise));
  return Object.fromEntries(known.reverse()) as Attributes; // the first of a duplicate key wins
}

/** Encodes `schema_url`, field 3 of both `ResourceSpans` and `ScopeSpans`. */
function encodeSchemaUrl(schemaUrl: string | undefined): Uint8Array {
  if (!schemaUrl) return new Uint8Array();
  const writer = new ProtobufWriter(128);
  writer.byte(SCHEMA_URL);
  writer.string(schemaUrl);
  return writtenBytes(writer);
}

function writtenBytes({ bytes, position }: ProtobufWriter): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, 0, position);
}

/** Caches by identity: resources and scopes live as long as their providers. */
const RESOURCES = new WeakMap<Resource, Envelope>();
const SCOPES = new WeakMap<InstrumentationScope, Envelope>();

/** Tags of `opentelemetry.proto.trace.v1`: field number · 8 + wire type. */
const RESOURCE_SPANS = 0x0a;
const SCOPE_SPANS = 0x12;
const RESOURCE = 0x0a;
const RESOURCE_ATTRIBUTES = 0x0a;
const RESOURCE_DROPPED_ATTRIBUTES = 0x10;
const SCOPE = 0x0a;
const SCOPE_NAME = 0x0a;
const SCOPE_VERSION = 0x12;
const SCHEMA_URL = 0x1a;
