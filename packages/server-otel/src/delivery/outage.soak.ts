import { setTimeout as sleep } from 'node:timers/promises';
import type { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { describe, expect, it } from 'vitest';
import { startDelivery } from '../testing/delivery-fixture.ts';
import { DELIVERY_LIMITS } from './limits.ts';

/** Ends spans the whole time: two seconds before the outage, during it, and two seconds after it. */
async function outage(seconds: number, perSecond: number, disrupt: (collector: OtlpReceiver) => void) {
  const { firstBackoffMillis, longestBackoffMillis, reconnectMillis } = DELIVERY_LIMITS;
  const running = await startDelivery({
    limits: { firstBackoffMillis, longestBackoffMillis, reconnectMillis, batchMillis: 500, flushMillis: 30_000 },
    channelOptions: { 'grpc.initial_reconnect_backoff_ms': 1000, 'grpc.max_reconnect_backoff_ms': 2000 },
  });
  const { collector } = running;
  const produce = async (millis: number) => {
    for (const end = performance.now() + millis; performance.now() < end; await sleep(10)) {
      running.spans(perSecond / 100);
      running.counts();
    }
  };
  await produce(2000);
  disrupt(collector);
  await produce(seconds * 1000);
  const away = running.counts();
  await collector.restart();
  collector.answer('accept');
  await produce(2000);
  await running.delivery.forceFlush();
  return { ...running, away };
}

describe('an outage of 20 s under load', () => {
  it.each([
    ['a collector that stops listening', (collector: OtlpReceiver) => collector.stop()],
    ['a collector that accepts calls and never answers', (collector: OtlpReceiver) => collector.answer('hang')],
    [
      'a collector that is overloaded',
      (collector: OtlpReceiver) => collector.answer({ status: 14, retryDelayMs: 3000 }),
    ],
  ])('loses nothing: %s', async (_what, disrupt) => {
    const { away, counts, collector, messages } = await outage(20, 2000, disrupt);
    expect(away.queued).toBeGreaterThan(20_000);
    const { created } = counts();
    expect(created).toBeGreaterThan(30_000);
    expect(counts()).toMatchObject({ exported: created, queued: 0, dropped: 0 });
    expect(collector.distinctSpans).toBe(created);
    expect(messages()).toEqual([
      ['warn', 'collector is unavailable; queueing spans and retrying'],
      ['info', 'collector is available again'],
    ]);
  });
});
