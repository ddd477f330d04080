import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { writeAttributes } from './attributes.ts';
import { MAX_VARINT, ProtobufWriter, varintSize } from './protobuf-writer.ts';

/** The spans of a request that one scope made, encoded one after the other. */
export interface ScopeSpans {
  readonly scope: InstrumentationScope;
  /** Items of `ScopeSpans.spans`. */
  readonly spans: Uint8Array;
}

/**
 * An `ExportTraceServiceRequest` for spans of one resource.
 *
 * @param allocate gives a buffer of exactly so many bytes
 */
export function encodeRequest(
  resource: Resource,
  groups: readonly ScopeSpans[],
  allocate: (size: number) => Buffer,
): Buffer {
  const scopes = groups.map(({ scope, spans }) => ({ ...encodedScope(scope), spans }));
  const who = encodedResource(resource);
  const scopeSize = ({ before, spans, after }: (typeof scopes)[number]) => before.length + spans.length + after.length;
  let size = who.before.length + who.after.length;
  for (const scope of scopes) size += 1 + varintSize(scopeSize(scope)) + scopeSize(scope);

  const frame = new ProtobufWriter(0);
  frame.bytes = allocate(1 + varintSize(size) + size);
  frame.byte(RESOURCE_SPANS);
  frame.varint(size);
  frame.append(who.before);
  for (const scope of scopes) {
    frame.byte(SCOPE_SPANS);
    frame.varint(scopeSize(scope));
    frame.append(scope.before);
    frame.append(scope.spans);
    frame.append(scope.after);
  }
  frame.append(who.after);
  return frame.bytes;
}

/** What stands before and after the content that a resource or a scope is the head of. */
interface Encoded {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

function encodedScope(scope: InstrumentationScope): Encoded {
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
  const encoded = { before: contentOf(writer), after: encodedSchema(scope.schemaUrl) };
  SCOPES.set(scope, encoded);
  return encoded;
}

function encodedResource(resource: Resource): Encoded {
  const known = RESOURCES.get(resource);
  if (known !== undefined) return known;
  const writer = new ProtobufWriter(1024);
  writer.byte(RESOURCE);
  const start = writer.begin(2);
  writeAttributes(writer, RESOURCE_ATTRIBUTES, resource.attributes);
  writer.reserve(MAX_VARINT);
  writer.byte(RESOURCE_DROPPED_ATTRIBUTES);
  writer.byte(0);
  writer.end(start, 2);
  const encoded = { before: contentOf(writer), after: encodedSchema(resource.schemaUrl) };
  // Attributes that come later are still missing; the next request asks again.
  if (!resource.asyncAttributesPending) RESOURCES.set(resource, encoded);
  return encoded;
}

/** `schema_url`, field 3 of both `ResourceSpans` and `ScopeSpans`. */
function encodedSchema(schemaUrl: string | undefined): Uint8Array {
  if (!schemaUrl) return new Uint8Array();
  const writer = new ProtobufWriter(128);
  writer.byte(SCHEMA_URL);
  writer.string(schemaUrl);
  return contentOf(writer);
}

function contentOf({ bytes, position }: ProtobufWriter): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, 0, position);
}

/** Resources and scopes live as long as their providers. */
const RESOURCES = new WeakMap<Resource, Encoded>();
const SCOPES = new WeakMap<InstrumentationScope, Encoded>();

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
