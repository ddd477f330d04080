import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startDelivering } from '../testing/delivering.ts';
import { startScriptedCollector } from '../testing/scripted-collector.ts';
import { DELIVERY_LIMITS } from './limits.ts';

const open: Array<() => void> = [];

afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Spans end the whole time: two seconds before the collector goes, while it is away, and two seconds after. */
async function outage(seconds: number, perSecond: number, gone: (collector: Collector) => void) {
  const collector = await startScriptedCollector();
  const { firstPauseMillis, longestPauseMillis, reconnectMillis } = DELIVERY_LIMITS;
  const running = startDelivering(collector.address, {
    limits: { firstPauseMillis, longestPauseMillis, reconnectMillis, batchMillis: 500, flushMillis: 30_000 },
    channelOptions: { 'grpc.initial_reconnect_backoff_ms': 1000, 'grpc.max_reconnect_backoff_ms': 2000 },
  });
  open.push(() => running.delivery.close(), collector.stop);
  const produce = async (millis: number) => {
    for (const end = performance.now() + millis; performance.now() < end; await sleep(10)) {
      running.spans(perSecond / 100);
      running.books();
    }
  };
  await produce(2000);
  gone(collector);
  await produce(seconds * 1000);
  const away = running.books();
  await collector.restart();
  collector.react('accept');
  await produce(2000);
  await running.delivery.forceFlush();
  return { ...running, collector, away };
}

type Collector = Awaited<ReturnType<typeof startScriptedCollector>>;

describe('an outage of 20 s under load', () => {
  it.each([
    ['a collector that listens no more', (collector: Collector) => collector.stop()],
    ['a collector that takes calls and never answers', (collector: Collector) => collector.react('hang')],
    ['a collector that is overloaded', (collector: Collector) => collector.react({ status: 14, retryMillis: 3000 })],
  ])('loses nothing: %s', async (_what, gone) => {
    const { away, books, collector, lines } = await outage(20, 2000, gone);
    expect(away.queued).toBeGreaterThan(20_000);
    const { created } = books();
    expect(created).toBeGreaterThan(30_000);
    expect(books()).toMatchObject({ exported: created, queued: 0, dropped: 0 });
    expect(collector.distinctSpans).toBe(created);
    expect(lines.map(({ message }) => message)).toEqual(['The collector cannot be reached', 'The collector is back']);
  });
});
