import { renderWaterfall, type SpanAttributes, type SpanKindName, type WaterfallSpan } from '@hatchet-ts/waterfall';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { InMemorySpanExporter, ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { expect } from 'vitest';

/** Renders the trace as text, once it holds these numbers of ended runs and of workers' reports. */
export async function picture(
  exporter: InMemorySpanExporter,
  traceId: string,
  { runs, reports }: { runs: number; reports: number },
): Promise<string> {
  const spans = () => exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
  await expect.poll(() => count(spans(), 'hatchet.engine.workflow_run'), { timeout: 5_000 }).toBe(runs);
  await expect.poll(() => count(spans(), 'Dispatcher/SendStepActionEvent'), { timeout: 5_000 }).toBe(reports);
  await expect.poll(() => unended(spans()), { timeout: 5_000 }).toEqual([]);
  const text = renderWaterfall(spans().map(waterfallSpan), { mask: true, order: 'canonical', full: true });
  return text.replaceAll(/test_[0-9a-f]+/g, 'db');
}

const count = (spans: ReadableSpan[], name: string) => spans.filter((span) => span.name === name).length;

/** Ids of local parents whose spans have not ended. */
function unended(spans: ReadableSpan[]): string[] {
  const ids = new Set([...spans.map((span) => span.spanContext().spanId), 'b7ad6b7169203331']);
  return spans.map((span) => span.parentSpanContext?.spanId ?? '').filter((id) => id !== '' && !ids.has(id));
}

function waterfallSpan(span: ReadableSpan): WaterfallSpan {
  const nanos = ([seconds, nanoseconds]: [number, number]) => BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  return {
    ...span.spanContext(),
    ...(span.parentSpanContext ? { parentSpanId: span.parentSpanContext.spanId } : {}),
    name: span.name,
    kind: SpanKind[span.kind] as SpanKindName,
    serviceName: 'engine',
    startTimeUnixNano: nanos(span.startTime),
    endTimeUnixNano: nanos(span.endTime),
    status: SpanStatusCode[span.status.code] as WaterfallSpan['status'],
    ...(span.status.message ? { statusMessage: span.status.message } : {}),
    attributes: span.attributes as SpanAttributes,
    events: [],
    links: span.links.map(({ context }) => ({ ...context, attributes: {} })),
  };
}
