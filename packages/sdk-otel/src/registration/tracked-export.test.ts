import { createTraceState, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { describe, expect, test } from 'vitest';
import { decodeBatches, encodeBatches, type FinishedSpan } from './last-batch.ts';
import { findNodeSdk, type SpanExporter } from './span-exporters.ts';
import { TrackedExport } from './tracked-export.ts';

type Done = Parameters<SpanExporter['export']>[1];

/** An export whose batches the test answers. */
function startExport(batching: { maxQueueSize: number; maxExportBatchSize: number }) {
  const calls: { names: string[]; done: Done }[] = [];
  const exporter: SpanExporter = {
    export: (spans, done) => calls.push({ names: spans.map((span) => (span as ReadableSpan).name), done }),
    shutdown: async () => undefined,
  };
  const tracked = new TrackedExport(
    'otlp',
    exporter,
    { ...batching, scheduledDelayMillis: 3_600_000 } as never,
    findNodeSdk(),
  );
  const provider = new BasicTracerProvider({ spanProcessors: [tracked as never] });
  const end = (...names: string[]) => {
    for (const name of names) provider.getTracer('test').startSpan(name).end();
  };
  const unsettled = () => tracked.unsettled.map(({ name }) => name);
  return { tracked, calls, end, unsettled };
}

describe('the unsettled spans', () => {
  test('are those that are queued or on their way', async () => {
    const { calls, end, tracked, unsettled } = startExport({ maxQueueSize: 10, maxExportBatchSize: 2 });
    end('a', 'b', 'c');
    expect(calls.map(({ names }) => names)).toEqual([['a', 'b']]);
    expect(unsettled()).toEqual(['a', 'b', 'c']);
    calls[0]?.done({ code: 0 });
    expect(unsettled()).toEqual(['c']);
    expect(tracked.ended).toBe(3);
  });

  test('do not contain spans that the full queue has dropped', async () => {
    const { calls, end, tracked, unsettled } = startExport({ maxQueueSize: 2, maxExportBatchSize: 2 });
    end('a', 'b'); // on their way
    end('c', 'd', 'dropped');
    expect(unsettled()).toEqual(['a', 'b', 'c', 'd']);
    const flushed = tracked.forceFlush();
    for (const { done } of calls) done({ code: 0 });
    await flushed;
    expect(unsettled()).toEqual([]);
  });

  test('end with a flush, which waits for batches on their way', async () => {
    const { calls, end, tracked } = startExport({ maxQueueSize: 10, maxExportBatchSize: 1 });
    end('a');
    let isFlushed = false;
    const flushed = tracked.forceFlush().then(() => {
      isFlushed = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isFlushed).toBe(false);
    calls[0]?.done({ code: 1 });
    await flushed;
    expect(tracked.isFailing).toBe(true);
  });
});

test('the last batch arrives in another process as it was', () => {
  const spans: ReadableSpan[] = [];
  const provider = new BasicTracerProvider({
    spanProcessors: [
      {
        onStart: () => undefined,
        onEnd: (span) => void spans.push(span),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      },
    ],
  });
  const tracer = provider.getTracer('shop', '1.0.0');
  const parent = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    traceState: createTraceState('vendor=1'),
  };
  for (const name of ['first', 'second']) {
    const links = [{ context: { ...parent, spanId: 'c7ad6b7169203331' }, attributes: { relation: 'attempt' } }];
    const options = { kind: SpanKind.CONSUMER, attributes: { half: 0.5, list: ['a', 'b'], yes: true }, links };
    const span = tracer.startSpan(name, options, trace.setSpanContext(ROOT_CONTEXT, parent));
    span.recordException(new Error('declined'));
    span.setStatus({ code: 2, message: 'declined' });
    span.end();
  }
  const input = encodeBatches([{ exporter: 'otlp', spans: spans as unknown as FinishedSpan[] }]);
  const [batch] = decodeBatches(input);
  expect(batch?.exporter).toBe('otlp');
  const request = (of: unknown) =>
    Buffer.from(ProtobufTraceSerializer.serializeRequest(of as ReadableSpan[])!).toString('hex');
  expect(request(batch?.spans)).toBe(request(spans));
});
