import { status } from '@grpc/grpc-js';
import type { Tracer } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { sizesOf, startDelivery } from '../testing/delivery-fixture.ts';

const KIB = 1024;

const spansOf = (tracer: Tracer, count: number, bytes: number) => {
  for (let span = 0; span < count; span++) tracer.startSpan('span').setAttribute('text', 'x'.repeat(bytes)).end();
};

describe('a collector that takes 256 KiB at most', () => {
  it('gets every span of larger batches in parts, and later batches below its limit at once', async () => {
    const { collector, counts, delivery, tracer, messages } = await startDelivery({
      receiver: { maxMessageBytes: 256 * KIB },
    });
    spansOf(tracer, 3000, KIB);
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ created: 3000, exported: 3000, queued: 0, dropped: 0 });
    expect(collector.distinctSpans).toBe(3000);
    expect(messages()).toEqual([]);

    const before = delivery.status().lastError;
    const calls = sizesOf(collector).length;
    spansOf(tracer, 1000, KIB);
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ exported: 4000, dropped: 0 });
    // 1,000 spans of a little more than 1 KiB in calls of more than 128 KiB
    expect(sizesOf(collector).length - calls).toBeLessThanOrEqual(9);
    expect(delivery.status().lastError).toBe(before);
  });

  it('costs a span that is too large by itself, and not its neighbors', async () => {
    const { collector, counts, delivery, spans, tracer, lines } = await startDelivery({
      receiver: { maxMessageBytes: 256 * KIB },
    });
    spans(50);
    spansOf(tracer, 1, 300 * KIB);
    spans(50);
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ created: 101, exported: 100, dropped: 1, droppedBy: { refused: 1 } });
    expect(collector.distinctSpans).toBe(100);
    expect(lines[0]).toMatchObject({
      message: 'collector refuses spans; dropping them',
      fields: { error: expect.stringContaining('larger than max') },
    });
  });
});

describe('a half of a batch', () => {
  const tooLarge = { status: status.RESOURCE_EXHAUSTED, details: 'grpc: received message larger than max (9 vs. 8)' };

  it('that fails for a reason of its own is retried or dropped by the rule of that reason', async () => {
    const { collector, counts, delivery, spans } = await startDelivery();
    collector.answerNext(
      tooLarge, // 8 spans
      { status: status.UNAVAILABLE }, // 4
      'accept', // the same 4
      { status: status.INVALID_ARGUMENT }, // the other 4
    );
    spans(8);
    await delivery.forceFlush();
    expect(sizesOf(collector)).toEqual([8, 4, 4, 4]);
    expect(counts()).toMatchObject({ exported: 4, dropped: 4, droppedBy: { refused: 4 } });
  });

  it('that expires is counted, and so is the rest at shutdown', async () => {
    const { collector, counts, delivery, spans } = await startDelivery({ limits: { retryMillis: 100 } });
    collector.answer(({ number }) =>
      number === 1 ? tooLarge : number === 2 ? 'accept' : { status: status.UNAVAILABLE },
    );
    spans(8);
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ exported: 4, dropped: 4, droppedBy: { expired: 4 } });

    collector.answerNext(tooLarge, 'accept', 'hang');
    spans(8);
    await delivery.shutdown();
    expect(counts()).toMatchObject({ created: 16, exported: 8, queued: 0, droppedBy: { expired: 4, shutdown: 4 } });
  });

  it('and its halves cost a bounded number of calls if the collector refuses every size', async () => {
    const { collector, counts, delivery, spans } = await startDelivery();
    collector.answer(tooLarge);
    spans(5120);
    await delivery.forceFlush();
    expect(collector.calls.length).toBeLessThanOrEqual(64);
    expect(counts()).toMatchObject({ created: 5120, queued: 0, droppedBy: { refused: 5120 } });
    expect(delivery.status().lastError).toMatch(/larger/);
  });
});
