import { renderWaterfall, type WaterfallSpan } from '@hatchet-ts/waterfall';
import { context, type SpanContext, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { hrTimeToNanoseconds } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, expect } from 'vitest';
import { HatchetSpanProcessor } from '../context/span-processor.ts';
import { contractViolations } from './closed-tables.ts';

/** Provider that keeps finished spans and draws them. */
export interface Recorder {
  readonly provider: BasicTracerProvider;
  /** Returns and forgets the finished spans. */
  take(): ReadableSpan[];
  /** Resolves when this many spans with the name have ended since the last take. */
  ended(name: string, count?: number): Promise<ReadableSpan[]>;
  /** Returns the finished spans with this name. */
  named(name: string): ReadableSpan[];
  /** Draws all finished spans: every trace, complete. */
  picture(): string;
}

/** Differences from the tables in all recorders of this file. */
const violations: string[] = [];
afterAll(() => expect(violations).toEqual([]));

/** @param options.inherits adds {@link HatchetSpanProcessor} */
export function startRecorder(sampler?: Sampler, options: { inherits?: boolean } = {}): Recorder {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporter = new InMemorySpanExporter();
  const waiting = new Set<() => void>();
  const named = (name: string) => exporter.getFinishedSpans().filter((span) => span.name === name);
  const provider = new BasicTracerProvider({
    ...(sampler && { sampler }),
    spanProcessors: [
      new SimpleSpanProcessor(exporter),
      {
        onStart: () => undefined,
        onEnd: (span) => void violations.push(...(options.inherits ? [] : contractViolations(span))),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      },
      ...(options.inherits ? [new HatchetSpanProcessor()] : []),
      {
        onStart: () => undefined,
        onEnd: () => queueMicrotask(() => waiting.forEach((wake) => void wake())),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      },
    ],
  });
  return {
    provider,
    take() {
      const spans = [...exporter.getFinishedSpans()];
      exporter.reset();
      return spans;
    },
    ended: (name, count = 1) =>
      new Promise((resolve) => {
        const check = () => {
          const spans = named(name);
          if (spans.length < count) return;
          waiting.delete(check);
          resolve(spans);
        };
        waiting.add(check);
        check();
      }),
    named,
    picture: () =>
      renderWaterfall(exporter.getFinishedSpans().map(waterfallSpan), { mask: true, full: true, order: 'canonical' }),
  };
}

/** Returns the trace and span ids for a comparison. */
export function ids({ traceId, spanId }: SpanContext): string {
  return `${traceId}-${spanId}`;
}

function waterfallSpan(span: ReadableSpan): WaterfallSpan {
  return {
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    ...(span.parentSpanContext && { parentSpanId: span.parentSpanContext.spanId }),
    name: span.name,
    kind: SpanKind[span.kind] as WaterfallSpan['kind'],
    serviceName: 'test',
    startTimeUnixNano: BigInt(hrTimeToNanoseconds(span.startTime)),
    endTimeUnixNano: BigInt(hrTimeToNanoseconds(span.endTime)),
    status: SpanStatusCode[span.status.code] as WaterfallSpan['status'],
    ...(span.status.message && { statusMessage: span.status.message }),
    attributes: span.attributes as WaterfallSpan['attributes'],
    events: [],
    links: span.links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId, attributes: {} })),
  };
}
