import { detectResources, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { describe, expect, it, vi } from 'vitest';
import { sizesOf, startDelivery } from '../testing/delivery-fixture.ts';

const MIB = 1024 * 1024;
describe('a batch', () => {
  it('is sent when it has 5,120 spans', async () => {
    const { counts, collector, delivery, spans } = await startDelivery();
    spans(2 * 5120 + 1);
    await delivery.forceFlush();
    expect(sizesOf(collector)).toEqual([5120, 5120, 1]);
    expect(counts()).toMatchObject({ created: 10_241, exported: 10_241, queued: 0, dropped: 0 });
    expect(collector.distinctSpans).toBe(10_241);
  });

  it('is sent before its spans exceed 1 MiB', async () => {
    const { collector, delivery, tracer } = await startDelivery();
    for (let span = 0; span < 50; span++) tracer.startSpan('span').setAttribute('text', 'x'.repeat(100_000)).end();
    await delivery.forceFlush();
    expect(sizesOf(collector)).toEqual([10, 10, 10, 10, 10]);
    for (const { bytes } of collector.calls) expect(bytes.length).toBeLessThan(MIB);
  });

  it('stays below 1 MiB with its resource and its scopes', async () => {
    const resource = resourceFromAttributes({ 'service.name': 'test', description: 'x'.repeat(100_000) });
    const { collector, counts, delivery } = await startDelivery({ resource });
    const provider = new NodeTracerProvider({ resource, spanProcessors: [delivery] });
    for (let span = 0; span < 4000; span++) {
      const tracer = provider.getTracer(`scope ${span % 50} ${'.'.repeat(5000)}`);
      tracer.startSpan('span').setAttribute('text', 'x'.repeat(400)).end();
    }
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ exported: 4000, dropped: 0 });
    expect(sizesOf(collector).length).toBeLessThanOrEqual(4);
    // gRPC puts 5 bytes before a message.
    for (const { bytes } of collector.calls) expect(bytes.length + 5).toBeLessThan(MIB);
  });

  it('contains a single span if that is larger than 1 MiB', async () => {
    const { collector, delivery, spans, tracer } = await startDelivery();
    spans(3);
    tracer.startSpan('large').setAttribute('text', 'é'.repeat(MIB)).end();
    await vi.waitFor(() => expect(sizesOf(collector)).toEqual([3, 1]));
    spans(2);
    await delivery.forceFlush();
    expect(sizesOf(collector)).toEqual([3, 1, 2]);
  });

  it('is sent when its first span has waited long enough', async () => {
    const { collector, spans } = await startDelivery({ limits: { batchMillis: 20 } });
    spans(1);
    await vi.waitFor(() => expect(sizesOf(collector)).toEqual([1]));
    spans(2);
    await vi.waitFor(() => expect(sizesOf(collector)).toEqual([1, 2]));
  });

  it('waits for the attributes of its resource that are still being detected', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const resource = detectResources({ detectors: [{ detect: () => ({ attributes: { 'host.id': promise } }) }] });
    const { counts, collector, delivery, spans } = await startDelivery({ resource });
    spans(1);
    const flushed = delivery.forceFlush();
    spans(2);
    expect(counts()).toMatchObject({ queued: 3 });
    resolve('machine-7');
    await flushed;
    await delivery.forceFlush();
    expect(sizesOf(collector)).toEqual([1, 2]);
    for (const { bytes } of collector.calls) expect(bytes.includes('machine-7')).toBe(true);
    expect(counts()).toMatchObject({ exported: 3, queued: 0 });
  });
});

it('a request is in its own memory unless its first call delivered it', async () => {
  // The memory of a delivered request is reused, and the connection of a call that was given up may still hold it.
  const { collector, counts, delivery, tracer } = await startDelivery({ limits: { callMillis: 200 } });
  collector.answerNext('hang');
  for (let span = 0; span < 100; span++)
    tracer.startSpan(`span ${span}`).setAttribute('text', 'x'.repeat(100_000)).end();
  await delivery.forceFlush();
  expect(counts()).toMatchObject({ exported: 100, dropped: 0 });
  const accepted = collector.acceptedSpans.map(({ name }) => name);
  expect(accepted).toEqual(Array.from({ length: 100 }, (_, span) => `span ${span}`));
});

describe('a span', () => {
  it('that is not sampled is not delivered', async () => {
    const { counts, delivery, tracer } = await startDelivery();
    const span = tracer.startSpan('span');
    span.spanContext().traceFlags = 0;
    span.end();
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ created: 0 });
  });

  it('that cannot be encoded is counted, and harms neither the request nor the other spans', async () => {
    const { counts, collector, delivery, spans, tracer } = await startDelivery();
    spans(1);
    const broken = tracer.startSpan('broken');
    Object.assign(broken, { events: null });
    expect(() => broken.end()).not.toThrow();
    spans(1);
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ created: 3, exported: 2, droppedBy: { encoding_failed: 1 } });
    expect(collector.distinctSpans).toBe(2);
  });
});

describe('the queue', () => {
  it('drops the newest spans when it is full, and counts them exactly', async () => {
    const { counts, collector, delivery, messages, spans } = await startDelivery({ limits: { queueSpans: 1000 } });
    spans(1500);
    expect(counts()).toMatchObject({ created: 1500, queued: 1000, dropped: 500, droppedBy: { queue_full: 500 } });
    await delivery.forceFlush();
    spans(7);
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ exported: 1007, queued: 0, dropped: 500 });
    expect(collector.distinctSpans).toBe(1007);
    expect(messages()).toEqual([
      ['warn', 'span queue is full; dropping new spans'],
      ['info', 'span queue has room again'],
    ]);
  });

  it('drops a span that would exceed its limit of bytes', async () => {
    const { counts, collector, delivery, spans, tracer } = await startDelivery({ limits: { queueBytes: 3 * MIB } });
    const megabyte = () => tracer.startSpan('large').setAttribute('text', 'x'.repeat(900_000)).end();
    for (let span = 0; span < 5; span++) megabyte();
    expect(counts()).toMatchObject({ created: 5, queued: 3, droppedBy: { queue_full: 2 } });
    spans(1);
    expect(counts()).toMatchObject({ queued: 4, droppedBy: { queue_full: 2 } });
    await delivery.forceFlush();
    megabyte();
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ exported: 5, queued: 0, dropped: 2 });
    expect(collector.distinctSpans).toBe(5);
  });
});
