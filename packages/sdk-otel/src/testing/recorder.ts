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

/** A provider that keeps what it was given, and draws it. */
export interface Recorder {
  readonly provider: BasicTracerProvider;
  /** finished spans, and none from before this call */
  take(): ReadableSpan[];
  /** resolves when this many spans with the name have ended since the last take */
  ended(name: string, count?: number): Promise<ReadableSpan[]>;
  /** the finished spans with this name */
  named(name: string): ReadableSpan[];
  /** all finished spans as text: every trace, whole */
  picture(): string;
}

/** What spans of this package have said that no table knows, in all recorders of this file. */
const violations: string[] = [];
afterAll(() => expect(violations).toEqual([]));

/** @param options.inherits with the processor that hands a task's identity down */
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

/** The ids that a test compares. */
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
