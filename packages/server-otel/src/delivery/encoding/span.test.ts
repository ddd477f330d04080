import { createTraceState, type HrTime, type Link, type SpanContext } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { emptyResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpenBatch, WriterPool } from '../batch.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { writeSpan } from './span.ts';

/** Any UTF-16 text, including lone surrogates and the lengths at which the encoder switches method or a prefix grows. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 }).map((units) => String.fromCharCode(...units)),
  fc
    .tuple(fc.constantFrom(19, 20, 21, 41, 43, 113, 127, 128, 16_370, 16_384), fc.constantFrom('a', 'é', '€', '\ud800'))
    .map(([length, unit]) => unit.repeat(length)),
);

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, -0, 127, 128, -1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 60 + 2 ** 20, 2 ** 62),
  fc.constantFrom(2 ** 63, -(2 ** 63), -(2 ** 63) - 2048, 2 ** 64, Number.NaN, Number.POSITIVE_INFINITY, 0.1),
);

/** Attribute values that the API's types allow, and others that applications set anyway. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    number,
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.uint8Array({ maxLength: 200 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
}));

const attributes = fc.dictionary(text, value, { maxKeys: 6 }) as fc.Arbitrary<ReadableSpan['attributes']>;
const count = fc.nat({ max: 100_000 });
const time: fc.Arbitrary<HrTime> = fc.tuple(
  fc.oneof(fc.constantFrom(0, 1_795_000_000, 2 ** 31, 2 ** 32), fc.nat({ max: 18_446_744_072 })),
  fc.nat({ max: 999_999_999 }),
);

const hexadecimal = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: length, maxLength: length });

const spanContext: fc.Arbitrary<SpanContext> = fc.record(
  {
    traceId: hexadecimal(32),
    spanId: hexadecimal(16),
    traceFlags: fc.nat({ max: 0x1ff }),
    isRemote: fc.boolean(),
    traceState: fc.constantFrom(createTraceState(''), createTraceState('vendor=1,other=é'), createTraceState('a=b')),
  },
  { requiredKeys: ['traceId', 'spanId', 'traceFlags'] },
);

const event: fc.Arbitrary<TimedEvent> = fc.record(
  { name: text, time, attributes, droppedAttributesCount: count },
  { requiredKeys: ['name', 'time'] },
);
const link: fc.Arbitrary<Link> = fc.record(
  { context: spanContext, attributes, droppedAttributesCount: count },
  { requiredKeys: ['context'] },
);

const scopes = [
  { name: 'one' },
  { name: '', version: '1.0.0' },
  { name: 'é'.repeat(100), version: '', schemaUrl: 'https://opentelemetry.io/schemas/1.37.0' },
];

const span = (resource: Resource): fc.Arbitrary<ReadableSpan> =>
  fc.record(
    {
      name: text,
      kind: fc.nat({ max: 4 }),
      spanContext: spanContext.map((context) => () => context),
      parentSpanContext: spanContext,
      startTime: time,
      endTime: time,
      duration: fc.constant<HrTime>([0, 0]),
      ended: fc.constant(true),
      status: fc.record({ code: fc.nat({ max: 2 }), message: text }, { requiredKeys: ['code'] }),
      attributes,
      links: fc.array(link, { maxLength: 3 }),
      events: fc.array(event, { maxLength: 3 }),
      resource: fc.constant(resource),
      instrumentationScope: fc.constantFrom(...scopes),
      droppedAttributesCount: count,
      droppedEventsCount: count,
      droppedLinksCount: count,
    },
    { requiredKeys: [...REQUIRED] },
  );

const REQUIRED = [
  'name',
  'kind',
  'spanContext',
  'startTime',
  'endTime',
  'duration',
  'ended',
  'status',
  'attributes',
  'links',
  'events',
  'resource',
  'instrumentationScope',
  'droppedAttributesCount',
  'droppedEventsCount',
  'droppedLinksCount',
] as const;

const resources = [
  emptyResource(),
  resourceFromAttributes({ 'service.name': 'engine', 'host.ports': [1, 2] }, { schemaUrl: 'https://schemas/1' }),
];

const batches = fc
  .constantFrom(...resources)
  .chain((resource) => fc.array(span(resource), { minLength: 1, maxLength: 5 }));

function encoded(spans: readonly ReadableSpan[]): Buffer {
  const batch = new OpenBatch(spans[0]?.resource ?? emptyResource(), new WriterPool());
  for (const each of spans) batch.add(each, () => true);
  return batch.seal(Buffer.alloc).request;
}

/** A readable text instead of the bytes: nobody can read a difference of 16 KiB. */
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

describe('an encoded batch', () => {
  it('is byte for byte the output of the stock serializer', () => {
    fc.assert(
      fc.property(batches, (spans) => {
        const expected = ProtobufTraceSerializer.serializeRequest(spans);
        expect(hex(encoded(spans))).toBe(hex(expected));
      }),
      { numRuns: 1000 },
    );
  });

  it('is the same in a buffer that grows at every step', () => {
    fc.assert(
      fc.property(batches, ([first]) => {
        const [roomy, tight] = [new ProtobufWriter(1 << 20), new ProtobufWriter(1)];
        for (const writer of [roomy, tight]) if (first) writeSpan(writer, first);
        expect(hex(tight.bytes.subarray(0, tight.position))).toBe(hex(roomy.bytes.subarray(0, roomy.position)));
      }),
    );
  });

  it('contains nothing of a span that could not be encoded or did not fit', () => {
    fc.assert(
      fc.property(batches, batches, (kept, lost) => {
        const batch = new OpenBatch(kept[0]?.resource ?? emptyResource(), new WriterPool());
        for (const [index, each] of kept.entries()) {
          batch.add(each, () => true);
          const other = { ...(lost[index % lost.length] ?? each), instrumentationScope: each.instrumentationScope };
          expect(batch.add(other, () => false)).toBe(false);
          const broken = { ...other, links: [null] } as unknown as ReadableSpan;
          expect(() => batch.add(broken, () => true)).toThrow(TypeError);
        }
        expect(batch.spans).toBe(kept.length);
        expect(hex(batch.seal(Buffer.alloc).request)).toBe(hex(ProtobufTraceSerializer.serializeRequest(kept)));
      }),
    );
  });
});
