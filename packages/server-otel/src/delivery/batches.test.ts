import { detectResources } from '@opentelemetry/resources';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Delivering, type DeliveringOptions, startDelivering } from '../testing/delivering.ts';
import { type ScriptedCollector, startScriptedCollector } from '../testing/scripted-collector.ts';

const MIB = 1024 * 1024;
const open: Array<() => void> = [];

afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function delivering(options?: DeliveringOptions): Promise<Delivering & { collector: ScriptedCollector }> {
  const collector = await startScriptedCollector();
  const running = startDelivering(collector.address, options);
  open.push(() => running.delivery.close(), collector.stop);
  return { ...running, collector };
}

describe('a batch', () => {
  it('goes out with 5,120 spans', async () => {
    const { books, collector, delivery, spans } = await delivering();
    spans(2 * 5120 + 1);
    await delivery.forceFlush();
    expect(collector.sizes).toEqual([5120, 5120, 1]);
    expect(books()).toMatchObject({ created: 10_241, exported: 10_241, queued: 0, dropped: 0 });
    expect(collector.distinctSpans).toBe(10_241);
  });

  it('goes out before its spans are more than 1 MiB', async () => {
    const { collector, delivery, tracer } = await delivering();
    for (let span = 0; span < 50; span++) tracer.startSpan('span').setAttribute('text', 'x'.repeat(100_000)).end();
    await delivery.forceFlush();
    expect(collector.sizes).toEqual([10, 10, 10, 10, 10]);
    for (const { bytes } of collector.calls) expect(bytes.length).toBeLessThan(MIB);
  });

  it('is a span alone when that is larger than 1 MiB', async () => {
    const { collector, delivery, spans, tracer } = await delivering();
    spans(3);
    tracer.startSpan('large').setAttribute('text', 'é'.repeat(MIB)).end();
    await vi.waitFor(() => expect(collector.sizes).toEqual([3, 1]));
    spans(2);
    await delivery.forceFlush();
    expect(collector.sizes).toEqual([3, 1, 2]);
  });

  it('goes out by itself when its first span has waited long enough', async () => {
    const { collector, spans } = await delivering({ limits: { batchMillis: 20 } });
    spans(1);
    await vi.waitFor(() => expect(collector.sizes).toEqual([1]));
    spans(2);
    await vi.waitFor(() => expect(collector.sizes).toEqual([1, 2]));
  });

  it('waits for the attributes of its resource that are still on their way', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const resource = detectResources({ detectors: [{ detect: () => ({ attributes: { 'host.id': promise } }) }] });
    const { books, collector, delivery, spans } = await delivering({ resource });
    spans(1);
    const flushed = delivery.forceFlush();
    spans(2);
    expect(books()).toMatchObject({ queued: 3 });
    resolve('machine-7');
    await flushed;
    await delivery.forceFlush();
    expect(collector.sizes).toEqual([1, 2]);
    for (const { bytes } of collector.calls) expect(bytes.includes('machine-7')).toBe(true);
    expect(books()).toMatchObject({ exported: 3, queued: 0 });
  });
});

describe('a span', () => {
  it('that was not sampled is nobody’s business', async () => {
    const { books, delivery, tracer } = await delivering();
    const span = tracer.startSpan('span');
    span.spanContext().traceFlags = 0;
    span.end();
    await delivery.forceFlush();
    expect(books()).toMatchObject({ created: 0 });
  });

  it('that cannot be read is counted, and costs neither the request nor the other spans', async () => {
    const { books, collector, delivery, spans, tracer } = await delivering();
    spans(1);
    const broken = tracer.startSpan('broken');
    Object.assign(broken, { events: null });
    expect(() => broken.end()).not.toThrow();
    spans(1);
    await delivery.forceFlush();
    expect(books()).toMatchObject({ created: 3, exported: 2, droppedBy: { encoding_failed: 1 } });
    expect(collector.distinctSpans).toBe(2);
  });
});

describe('the queue', () => {
  it('drops the newest spans when as many wait as may wait, and counts them exactly', async () => {
    const { books, collector, delivery, lines, spans } = await delivering({ limits: { queueSpans: 1000 } });
    spans(1500);
    expect(books()).toMatchObject({ created: 1500, queued: 1000, dropped: 500, droppedBy: { queue_full: 500 } });
    await delivery.forceFlush();
    spans(7);
    await delivery.forceFlush();
    expect(books()).toMatchObject({ exported: 1007, queued: 0, dropped: 500 });
    expect(collector.distinctSpans).toBe(1007);
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'As many spans wait as may wait: new ones are dropped'],
      ['info', 'There is room for new spans again'],
    ]);
  });

  it('drops a span that would make it hold more bytes than it may', async () => {
    const { books, collector, delivery, spans, tracer } = await delivering({ limits: { queueBytes: 3 * MIB } });
    const megabyte = () => tracer.startSpan('large').setAttribute('text', 'x'.repeat(900_000)).end();
    for (let span = 0; span < 5; span++) megabyte();
    expect(books()).toMatchObject({ created: 5, queued: 3, droppedBy: { queue_full: 2 } });
    spans(1);
    expect(books()).toMatchObject({ queued: 4, droppedBy: { queue_full: 2 } });
    await delivery.forceFlush();
    megabyte();
    await delivery.forceFlush();
    expect(books()).toMatchObject({ exported: 5, queued: 0, dropped: 2 });
    expect(collector.distinctSpans).toBe(5);
  });
});
