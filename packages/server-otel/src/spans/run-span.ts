import { context, type Link, type Span, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { serverTracer } from '../process-telemetry.ts';
import { prefixed, type RunAttributes } from './attributes.ts';
import { inSpan } from './in-span.ts';
import { RUN_PREFIX, type RunSpanName } from './names.ts';
import { withParent } from './transparency.ts';

/** Most links that a span keeps; the SDK's own limit. */
export const MAX_LINKS = 128;

export interface RunSpanOptions {
  readonly attributes?: RunAttributes;
  /** Takes the place of the current span: the run's context, for work that was not called by anyone. */
  readonly parent?: SpanContext | undefined;
  /** Contexts of the runs that a pass works for, without those that have none; the first 128 become links. */
  readonly links?: readonly (SpanContext | undefined)[];
  /** Begins a trace of its own, whatever is active. */
  readonly root?: boolean;
}

/**
 * Runs `fn` inside a span `hatchet.run/<name>`, kind INTERNAL. The span ends when `fn` returns or its promise
 * settles; an error makes it ERROR, with the exception, and reaches the caller unchanged. When the span is not
 * recorded, `fn` runs with the context that was active before.
 */
export function runSpan<T>(name: RunSpanName, options: RunSpanOptions, fn: (span: Span) => T): T {
  const base = options.root === true ? trace.deleteSpan(context.active()) : context.active();
  const parent = withParent(base, options.parent);
  const span = serverTracer().startSpan(
    RUN_PREFIX + name,
    { kind: SpanKind.INTERNAL, links: linksTo(options.links) },
    parent,
  );
  if (options.attributes !== undefined && span.isRecording()) {
    span.setAttributes(prefixed(RUN_PREFIX, options.attributes));
  }
  return inSpan(span, parent, fn);
}

/** More attributes for the `hatchet.run/` span that is running, for what is known only later. */
export function setRunAttributes(span: Span, attributes: RunAttributes): void {
  if (span.isRecording()) span.setAttributes(prefixed(RUN_PREFIX, attributes));
}

export function linksTo(contexts: readonly (SpanContext | undefined)[] = []): Link[] {
  return contexts
    .filter((linked) => linked !== undefined)
    .slice(0, MAX_LINKS)
    .map((linked) => ({ context: linked }));
}
