import { cleanText } from '@hatchet-ts/internal/clean-text';
import { cleanMessage } from '@hatchet-ts/internal/thrown-value';
import { ROOT_CONTEXT, type SpanContext, SpanKind, SpanStatusCode, type TimeInput } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { processTelemetry } from '../process-telemetry.ts';
import { type EngineAttributes, prefixKeys } from './attributes.ts';
import { ENGINE_PREFIX, type EngineSpanName } from './names.ts';
import { withParent } from './parent-context.ts';
import { linksTo } from './run-span.ts';

export interface EngineSpanOptions {
  /** Context of the run. Left out for the root span of a trace that the engine began. */
  readonly parent?: SpanContext | undefined;
  /** Ids chosen beforehand (see `newTraceContext`); with a parent, only the span id is used. */
  readonly own?: SpanContext | undefined;
  /** `Date`, milliseconds since 1970, or `[seconds, nanoseconds]`. */
  readonly startTime: TimeInput;
  readonly endTime: TimeInput;
  readonly attributes: EngineAttributes;
  readonly links?: readonly SpanContext[];
  /** Error message; sets the span's status to ERROR. */
  readonly error?: string | undefined;
  /** `error.type` beside `error`, for example `timeout`. */
  readonly errorType?: string | undefined;
}

/**
 * Records a span `hatchet.engine.<name>` that has already ended, with its real start and end time. Does nothing if
 * tracing is off or this service drops the trace.
 */
export function recordEngineSpan(name: EngineSpanName, options: EngineSpanOptions): void {
  const tracing = processTelemetry()?.tracing;
  if (tracing === undefined) return;
  const start = () =>
    tracing.tracer.startSpan(
      ENGINE_PREFIX + name,
      { kind: SpanKind.INTERNAL, startTime: options.startTime, links: linksTo(options.parent, options.links) },
      withParent(ROOT_CONTEXT, options.parent),
    );
  const span = options.own === undefined ? start() : tracing.withIds(options.own, start);
  if (!span.isRecording()) return;
  span.setAttributes(prefixKeys('hatchet.', { ...options.attributes, span_source: 'engine' }));
  if (options.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: cleanMessage(options.error) });
  if (options.errorType !== undefined) span.setAttribute(ATTR_ERROR_TYPE, cleanText(options.errorType));
  span.end(options.endTime);
}
