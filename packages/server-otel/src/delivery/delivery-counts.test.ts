import { setImmediate as nextTurn } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { Answer } from '@hatchet-ts/trace-testing/receiver';
import { createNoopMeter } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startDelivery } from '../testing/delivery-fixture.ts';

type Step =
  | { readonly spans: number }
  | { readonly answer: Answer }
  | { readonly turns: number }
  | 'broken span'
  | 'flush'
  | 'collector gone'
  | 'collector back';

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ spans: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ turns: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    answer: fc.oneof(
      fc.constantFrom<Answer>(
        'accept',
        'hang',
        { delayMs: 5 },
        { status: status.UNAVAILABLE },
        { status: status.INTERNAL },
      ),
      fc.record({ rejectedSpans: fc.integer({ min: 0, max: 20 }) }),
      fc.record({ status: fc.constant(status.RESOURCE_EXHAUSTED), retryDelayMs: fc.nat({ max: 20 }) }),
    ),
  }),
  fc.constantFrom<Step>('broken span', 'flush', 'collector gone', 'collector back'),
);

describe('the counts', () => {
  it('balance at every moment, whatever the collector does, and agree with it at the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, returns) => {
        const { collector, counts, delivery, spans, tracer } = await startDelivery({
          limits: { queueSpans: 100, batchSpans: 16, callMillis: 30, retryMillis: 60, flushMillis: 20, batchMillis: 5 },
        });
        let created = 0;
        const check = () => {
          const now = counts();
          expect(now.created).toBe(created);
          expect(now.queued).toBeLessThanOrEqual(100);
          expect(now.queued).toBeGreaterThanOrEqual(0);
          expect(now.exported).toBeLessThanOrEqual(collector.acceptedSpans.length);
          return now;
        };
        for (const next of steps) {
          if (next === 'flush') await delivery.forceFlush();
          else if (next === 'collector gone') collector.stop();
          else if (next === 'collector back') await collector.restart();
          else if (next === 'broken span') {
            Object.assign(tracer.startSpan('broken'), { events: null }).end();
            created++;
          } else if ('spans' in next) {
            spans(next.spans);
            created += next.spans;
          } else if ('answer' in next) collector.answer(next.answer);
          else for (let turn = 0; turn < next.turns; turn++) await nextTurn(check());
          check();
        }
        if (returns) {
          collector.answer('accept');
          await collector.restart();
        }
        await delivery.shutdown();
        const end = check();
        collector.stop();
        expect(end.queued).toBe(0);
        expect(end.exported).toBeLessThanOrEqual(collector.distinctSpans);
        if (end.dropped === 0) expect(collector.distinctSpans).toBe(created);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the metrics', () => {
  it('cost a measurement, not the export, if the meter throws', async () => {
    const meterProvider = new MeterProvider();
    const record = () => {
      throw new Error('broken meter');
    };
    meterProvider.getMeter = () => Object.create(createNoopMeter(), { createHistogram: { value: () => ({ record }) } });
    const { counts, delivery, spans } = await startDelivery({ meterProvider });
    spans(2);
    await delivery.forceFlush();
    spans(2);
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ exported: 4, queued: 0, dropped: 0 });
  });

  it('equal the counts, under the names of the conventions', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const { collector, counts, delivery, spans } = await startDelivery({
      meterProvider,
      limits: { queueSpans: 10, batchSpans: 4 },
    });
    collector.answer(
      ({ number }) => ([{ rejectedSpans: 1 }, { status: status.INTERNAL }] as const)[number - 1] ?? 'accept',
    );
    spans(12);
    await delivery.forceFlush();
    collector.answer({ status: status.UNAVAILABLE });
    spans(3);
    expect(counts()).toMatchObject({ created: 15, exported: 5, queued: 3, dropped: 7 });
    await meterProvider.forceFlush();

    const points = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ dataPoints, descriptor }) =>
        dataPoints.map(({ attributes, value }) => {
          const reason = attributes['error.type'] === undefined ? '' : ` ${attributes['error.type']}`;
          return [descriptor.name + reason, typeof value === 'number' ? value : `${value.count} calls`];
        }),
      );
    expect(Object.fromEntries(points)).toEqual({
      'otel.sdk.processor.span.queue.size': 3,
      'otel.sdk.processor.span.queue.capacity': 10,
      'otel.sdk.processor.span.processed': 10,
      'otel.sdk.processor.span.processed queue_full': 2,
      'otel.sdk.processor.span.processed encoding_failed': 0,
      'otel.sdk.processor.span.processed shutdown': 0,
      'otel.sdk.exporter.span.inflight': 0,
      'otel.sdk.exporter.span.exported': 5,
      'otel.sdk.exporter.span.exported refused': 4,
      'otel.sdk.exporter.span.exported rejected': 1,
      'otel.sdk.exporter.span.exported expired': 0,
      'otel.sdk.exporter.operation.duration': '2 calls',
      'otel.sdk.exporter.operation.duration INTERNAL': '1 calls',
    });
    await meterProvider.shutdown();
  });
});
