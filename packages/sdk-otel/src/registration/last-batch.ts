import { deserialize, serialize } from 'node:v8';
import { type LastBatchChild, runLastBatchChild } from '@hatchet-ts/process-end';
import type { Attributes, SpanContext } from '@opentelemetry/api';
import type { SpanExporter } from './span-exporters.ts';

/** Part of the SDK's `ReadableSpan` that exporters read, in the 2.x and the 3.x line. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: number;
  spanContext(): SpanContext;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly startTime: unknown;
  readonly endTime: unknown;
  readonly duration: unknown;
  readonly ended: boolean;
  readonly status: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly context: SpanContext }[];
  readonly events: unknown;
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
  readonly resource: Resource;
  readonly instrumentationScope: unknown;
}

interface Resource {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly asyncAttributesPending?: boolean;
  readonly schemaUrl?: string | undefined;
  getRawAttributes?(): readonly (readonly [string, unknown])[];
}

/** Spans for one exporter. */
export interface LastBatch {
  /** Name in `OTEL_TRACES_EXPORTER`. */
  readonly exporter: string;
  readonly spans: readonly FinishedSpan[];
}

/**
 * Sends spans in a process of its own, which runs `last-batch.ts` with the exporters of this one.
 *
 * @returns the names of the exporters that have sent their spans
 */
export function sendInChild(child: LastBatchChild, batches: readonly LastBatch[]): readonly string[] {
  const output = runLastBatchChild(child, encodeBatches(batches));
  return output === undefined ? [] : (JSON.parse(output) as string[]);
}

/** Exports a batch; resolves to true if the exporter has delivered it. Never rejects. */
export async function exportBatch(exporter: SpanExporter, { spans }: LastBatch): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  exporter.export(spans, ({ code }) => resolve(code === 0));
  const isDelivered = await promise;
  await exporter.shutdown().catch(() => undefined);
  return isDelivered;
}

/** Encodes spans for another process: plain values in place of the SDK's objects. */
export function encodeBatches(batches: readonly LastBatch[]): Buffer {
  const resources = new Map<Resource, Resource>(); // exporters group by identity, which the encoding keeps
  const plainResource = (resource: Resource): Resource => {
    const known = resources.get(resource);
    if (known) return known;
    const plain = { attributes: detectedAttributes(resource), schemaUrl: resource.schemaUrl };
    resources.set(resource, plain);
    return plain;
  };
  return serialize(
    batches.map(({ exporter, spans }) => ({
      exporter,
      spans: spans.map((span) => ({
        name: span.name,
        kind: span.kind,
        context: plainContext(span.spanContext()),
        parentSpanContext: span.parentSpanContext && plainContext(span.parentSpanContext),
        startTime: span.startTime,
        endTime: span.endTime,
        duration: span.duration,
        ended: span.ended,
        status: span.status,
        attributes: span.attributes,
        links: span.links.map((link) => ({ ...link, context: plainContext(link.context) })),
        events: span.events,
        droppedAttributesCount: span.droppedAttributesCount,
        droppedEventsCount: span.droppedEventsCount,
        droppedLinksCount: span.droppedLinksCount,
        resource: plainResource(span.resource),
        instrumentationScope: span.instrumentationScope,
      })),
    })),
  );
}

/** Decodes what `encodeBatches` has written. */
export function decodeBatches(input: Uint8Array): readonly LastBatch[] {
  const batches = deserialize(input) as readonly { readonly exporter: string; readonly spans: readonly PlainSpan[] }[];
  return batches.map(({ exporter, spans }) => ({
    exporter,
    spans: spans.map(({ context, parentSpanContext, links, ...span }) => {
      const own = spanContext(context);
      return {
        ...span,
        spanContext: () => own,
        ...(parentSpanContext && { parentSpanContext: spanContext(parentSpanContext) }),
        links: links.map((link) => ({ ...link, context: spanContext(link.context) })),
      };
    }),
  }));
}

type PlainContext = Omit<SpanContext, 'traceState'> & { readonly traceState?: string | undefined };
type PlainSpan = Omit<FinishedSpan, 'spanContext' | 'parentSpanContext' | 'links'> & {
  readonly context: PlainContext;
  readonly parentSpanContext?: PlainContext;
  readonly links: readonly { readonly context: PlainContext }[];
};

function plainContext({ traceState, ...context }: SpanContext): PlainContext {
  return { ...context, traceState: traceState?.serialize() };
}

/** Exporters only serialize the state. */
function spanContext({ traceState, ...context }: PlainContext): SpanContext {
  if (traceState === undefined) return context;
  const state = { get: () => undefined, set: () => state, unset: () => state, serialize: () => traceState };
  return { ...context, traceState: state };
}

/** Returns the attributes that are known; the resource itself would log an error while some are being detected. */
function detectedAttributes(resource: Resource): Attributes {
  const raw = resource.asyncAttributesPending ? resource.getRawAttributes?.() : undefined;
  if (!raw) return { ...resource.attributes } as Attributes;
  const known = raw.filter(([, value]) => !(value instanceof Promise));
  return Object.fromEntries([...known].reverse()) as Attributes; // the first of a duplicate key wins
}
