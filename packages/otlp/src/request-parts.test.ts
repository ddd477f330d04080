import fc from 'fast-check';
import { Reader, Writer } from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import { METRICS, RequestParts, type RequestShape, TRACES } from './request-parts.ts';
import { SizeLimit } from './size-limit.ts';

const MIB = 1024 * 1024;

/** A request by the names of its resources, scopes and spans; a span's size is the length of its text. */
type Tree = readonly { name: string; scopes: readonly { name: string; spans: readonly string[] }[] }[];

const spansOfSizes = (...sizes: number[]): Tree => [
  { name: 'service', scopes: [{ name: 'scope', spans: sizes.map((size, index) => `${index} `.padEnd(size, '.')) }] },
];

/** Encodes resource_spans, each with a resource before its scopes and a schema URL after them. */
function encode(tree: Tree): Uint8Array {
  const writer = Writer.create();
  for (const { name, scopes } of tree) {
    writer.uint32(0x0a).fork();
    writer.uint32(0x0a).string(name);
    for (const scope of scopes) {
      writer.uint32(0x12).fork();
      writer.uint32(0x0a).string(scope.name);
      for (const span of scope.spans) writer.uint32(0x12).string(span);
      writer.uint32(0x1a).string('schema').ldelim();
    }
    writer.uint32(0x1a).string('schema').ldelim();
  }
  return writer.finish();
}

/** Returns each span with its resource, its scope and their schema URLs. */
function decode(request: Uint8Array): string[] {
  return fieldsOf(request, 1).flatMap((resource) =>
    fieldsOf(resource, 2).flatMap((scope) =>
      fieldsOf(scope, 2).map((span) =>
        [fieldsOf(resource, 1), fieldsOf(resource, 3), fieldsOf(scope, 1), fieldsOf(scope, 3), span].join('/'),
      ),
    ),
  );
}

function fieldsOf(message: Uint8Array, field: number): Buffer[] {
  const reader = Reader.create(message);
  const found: Buffer[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === field && (tag & 7) === 2) found.push(Buffer.from(reader.bytes()));
    else reader.skipType(tag & 7);
  }
  return found;
}

/** Sends all parts to a receiver with a limit. */
function send(request: Uint8Array, limit: SizeLimit, takes: (size: number) => boolean, shape: RequestShape = TRACES) {
  const parts = new RequestParts(request, shape, limit);
  const accepted: Uint8Array[] = [];
  let [refusals, lost] = [0, 0];
  for (let part = parts.next(); part !== undefined; part = parts.next()) {
    if (part.isKnownTooLarge) lost += parts.refuse();
    else if (takes(part.bytes.length)) {
      accepted.push(part.bytes);
      parts.settle({ passed: true });
    } else {
      refusals++;
      lost += parts.refuse();
    }
  }
  return { accepted, refusals, lost };
}

const text = fc.string({ maxLength: 300 });
const trees: fc.Arbitrary<Tree> = fc.array(
  fc.record({ name: text, scopes: fc.array(fc.record({ name: text, spans: fc.array(text) }), { maxLength: 4 }) }),
  { maxLength: 4 },
);

describe('a request', () => {
  it('below the limit is sent as it is', () => {
    const request = encode(spansOfSizes(10, 20));
    const parts = new RequestParts(request, TRACES, new SizeLimit(MIB));
    expect(parts.next()?.bytes).toBe(request);
    expect(parts.items).toBe(2);
  });

  it('in parts has the same spans in the same order, each with its resource and scope, and no part above the limit', () => {
    fc.assert(
      fc.property(trees, fc.integer({ min: 1, max: 2000 }), (tree, bytes) => {
        const request = encode(tree);
        const { accepted, refusals, lost } = send(request, new SizeLimit(bytes), () => true);
        expect(accepted.flatMap(decode)).toEqual(decode(request));
        expect([refusals, lost]).toEqual([0, 0]);
        for (const part of accepted) {
          if (part.length > bytes && part !== request) expect(decode(part)).toHaveLength(1);
        }
      }),
    );
  });

  it('that a receiver refuses is halved; everything that fits arrives, and only what does not is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 50 }), (sizes) => {
        const most = 2000;
        const request = encode(spansOfSizes(...sizes));
        const alone = (size: number) => encode(spansOfSizes(size)).length;
        const { accepted, lost } = send(request, new SizeLimit(MIB), (size) => size <= most);
        const fitting = sizes.filter((size) => alone(size) <= most - 2); // the index makes a short text longer
        expect(accepted.flatMap(decode).length).toBeGreaterThanOrEqual(fitting.length);
        expect(accepted.flatMap(decode).length + lost).toBe(sizes.length);
      }),
    );
  });

  it('with one span of 1.4 MiB among 100 costs two refused calls and only this span', () => {
    const request = encode(spansOfSizes(...Array.from({ length: 100 }, (_, n) => (n === 60 ? 1.4 * MIB : 300))));
    const limit = new SizeLimit(4 * MIB);
    const { accepted, refusals, lost } = send(request, limit, (size) => size <= MIB);
    expect({ refusals, lost }).toEqual({ refusals: 2, lost: 1 });
    expect(accepted.flatMap(decode)).toHaveLength(99);
  });

  it('to a receiver that refuses every size costs at most 64 calls', () => {
    const shrinking = encode(spansOfSizes(...Array.from({ length: 5120 }, (_, n) => 5200 - n)));
    expect(send(shrinking, new SizeLimit(MIB), () => false)).toMatchObject({ refusals: 64, lost: 5120 });
    const equal = encode(spansOfSizes(...Array.from({ length: 5120 }, () => 200)));
    expect(send(equal, new SizeLimit(MIB), () => false)).toMatchObject({ refusals: 13, lost: 5120 });
  });

  it('of metrics is divided at its data points; name, unit and kind of the metric stay with each', () => {
    const histogram = Writer.create();
    for (let point = 0; point < 100; point++) histogram.uint32(0x0a).string(`point ${point}`.padEnd(100));
    histogram.uint32(0x10).int32(2); // cumulative
    const metric = Writer.create().uint32(0x0a).string('duration').uint32(0x1a).string('s');
    metric.uint32(0x4a).bytes(histogram.finish());
    const scope = Writer.create().uint32(0x12).bytes(metric.finish());
    const resource = Writer.create().uint32(0x0a).string('service').uint32(0x12).bytes(scope.finish());
    const request = Writer.create().uint32(0x0a).bytes(resource.finish()).finish();

    const { accepted } = send(request, new SizeLimit(1000), () => true, METRICS);
    expect(accepted.length).toBeGreaterThan(10);
    const points = accepted.flatMap((part) => {
      const [own] = fieldsOf(part, 1);
      const [inner] = fieldsOf(fieldsOf(own!, 2)[0]!, 2);
      expect([fieldsOf(own!, 1), fieldsOf(inner!, 1), fieldsOf(inner!, 3)].map(String)).toEqual([
        'service',
        'duration',
        's',
      ]);
      const [data] = fieldsOf(inner!, 9);
      expect(data?.includes(Buffer.from([0x10, 2]))).toBe(true);
      return fieldsOf(data!, 1).map((point) => String(point).trim());
    });
    expect(points).toEqual(Array.from({ length: 100 }, (_, point) => `point ${point}`));
  });
});

describe('the limit of a receiver', () => {
  it('is found once: the next requests are below it from the start', () => {
    const limit = new SizeLimit(MIB);
    const takes = (size: number) => size <= 200_000;
    const full = encode(spansOfSizes(...Array.from({ length: 1000 }, () => 1000)));
    const first = send(full, limit, takes);
    expect(first).toMatchObject({ refusals: 3, lost: 0 });
    expect(limit.bytes).toBeLessThanOrEqual(200_000);
    expect(limit.bytes).toBeGreaterThan(100_000);
    const second = send(full, limit, takes);
    expect(second.refusals).toBe(0);
    expect(second.accepted.length).toBeLessThanOrEqual(10);
  });

  it('is not lowered by a single span above it', () => {
    const limit = new SizeLimit(MIB);
    send(encode(spansOfSizes(100, 5 * MIB)), limit, (size) => size <= 4 * MIB);
    expect(limit.bytes).toBe(MIB);
  });

  it('is forgotten when the receiver takes more, and found again when it takes less', () => {
    const limit = new SizeLimit(MIB);
    const full = encode(spansOfSizes(...Array.from({ length: 1000 }, () => 1000)));
    send(full, limit, (size) => size <= 200_000);
    send(encode(spansOfSizes(600_000)), limit, () => true);
    expect(limit.bytes).toBe(MIB);
    expect(send(full, limit, (size) => size <= 100_000)).toMatchObject({ refusals: 4, lost: 0 });
    expect(limit.bytes).toBeLessThanOrEqual(100_000);
  });
});
