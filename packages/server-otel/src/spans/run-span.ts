import { context, type Link, type Span, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { serverTracer } from '../process-telemetry.ts';
import { prefixKeys, type RunAttributes } from './attributes.ts';
import { inSpan } from './in-span.ts';
import { RUN_PREFIX, type RunSpanName } from './names.ts';
import { withParent } from './parent-context.ts';

/** Largest number of links of a span; the SDK's own limit. */
const MAX_LINKS = 128;

export interface RunSpanOptions {
  readonly attributes?: RunAttributes;
  /** Replaces the current span as the parent: the run's context, for work that no request caused. */
  readonly parent?: SpanContext | undefined;
  /** Contexts of the runs that the work is for; undefined ones are skipped, the first 128 become links. */
  readonly links?: readonly (SpanContext | undefined)[];
  /** Begins a trace of its own, ignoring the active context. */
  readonly root?: boolean;
}

/**
 * Runs `fn` inside a span `hatchet.run/<name>`, kind INTERNAL. The span ends when `fn` returns or its promise settles; a lazy
 * query that `fn` returns runs once, below the span, and its result is returned as a promise.
 * An error sets the status ERROR, with the exception, and reaches the caller unchanged. If the span is not recorded, `fn`
 * runs with the context that was active before.
 */
export function runSpan<T>(name: RunSpanName, options: RunSpanOptions, fn: (span: Span) => T): T {
  const base = options.root === true ? trace.deleteSpan(context.active()) : context.active();
  const parent = withParent(base, options.parent);
  const span = serverTracer().startSpan(
    RUN_PREFIX + name,
    { kind: SpanKind.INTERNAL, links: linksTo(trace.getSpanContext(parent), options.links) },
    parent,
  );
  if (options.attributes !== undefined && span.isRecording()) {
    span.setAttributes(prefixKeys(RUN_PREFIX, options.attributes));
  }
  return inSpan(span, parent, fn);
}

/** Sets further attributes of a running `hatchet.run/` span. */
export function setRunAttributes(span: Span, attributes: RunAttributes): void {
  if (span.isRecording()) span.setAttributes(prefixKeys(RUN_PREFIX, attributes));
}

/**
 * Links to these contexts. A link to the parent is marked as such: Jaeger's and the Collector's translators would otherwise
 * turn the parent itself into FOLLOWS_FROM.
 */
export function linksTo(parent: SpanContext | undefined, contexts: readonly (SpanContext | undefined)[] = []): Link[] {
  return contexts
    .filter((linked) => linked !== undefined)
    .slice(0, MAX_LINKS)
    .map((linked) =>
      linked.spanId === parent?.spanId && linked.traceId === parent.traceId
        ? { context: linked, attributes: CHILD_OF }
        : { context: linked },
    );
}

// `opentracing.ref_type` of the semantic conventions, still in development
const CHILD_OF = { 'opentracing.ref_type': 'child_of' };
