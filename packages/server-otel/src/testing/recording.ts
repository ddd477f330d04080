import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { TelemetryLogger } from '../logger.ts';
import type { ServerTelemetry } from '../process-telemetry.ts';
import { type ServerTelemetryOptions, startServerTelemetry } from '../start.ts';

/** Ids of a trace that ratio 0.5 keeps, and of one that it drops. */
export const KEPT = '4bf92f3577b34da60000000000000001';
export const DROPPED = '4bf92f3577b34da6ffffffffffffffff';
/** Id of the caller's span in both. */
export const CALLER = '00f067aa0ba902b7';

export const SILENT: TelemetryLogger = { info: () => {}, warn: () => {}, error: () => {} };

/** Real telemetry that keeps its spans in memory. */
export interface Recording {
  readonly telemetry: ServerTelemetry;
  spans(): Promise<ReadableSpan[]>;
  /** Returns the spans as an indented tree: name, kind, status. */
  tree(): Promise<string>;
}

export function startRecording(env: Record<string, string> = {}, options: ServerTelemetryOptions = {}): Recording {
  const exporter = new InMemorySpanExporter();
  const telemetry = startServerTelemetry({
    env,
    logger: SILENT,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...options,
  });
  const spans = async () => {
    await telemetry.forceFlush();
    return exporter.getFinishedSpans();
  };
  return { telemetry, spans, tree: async () => treeOf(await spans()) };
}

function treeOf(spans: readonly ReadableSpan[]): string {
  const known = new Set(spans.map((span) => span.spanContext().spanId));
  const below = (parentId: string | undefined, indent: string): string[] =>
    spans
      .filter(({ parentSpanContext }) => {
        const id = parentSpanContext?.spanId;
        return parentId === undefined ? id === undefined || !known.has(id) : id === parentId;
      })
      .flatMap((span) => [indent + line(span, known), ...below(span.spanContext().spanId, `${indent}  `)]);
  return below(undefined, '').join('\n');
}

function line(span: ReadableSpan, known: ReadonlySet<string>): string {
  const parent = span.parentSpanContext;
  const orphan = parent !== undefined && !known.has(parent.spanId) ? ` ← ${parent.spanId}` : '';
  const status = span.status.code === SpanStatusCode.ERROR ? ' ERROR' : '';
  return `${span.name} ${SpanKind[span.kind]}${status}${orphan}`;
}
