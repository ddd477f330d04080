import { type SpanContext, SpanKind, SpanStatusCode, type TimeInput } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { processTelemetry } from '../process-telemetry.ts';
import { type EngineAttributes, prefixed } from './attributes.ts';
import { ENGINE_PREFIX, type EngineSpanName } from './names.ts';
import { linksTo } from './run-span.ts';
import { onlyParent } from './transparency.ts';

export interface EngineSpanOptions {
  /** The run's context. Left out for the root of a trace that the engine began. */
  readonly parent?: SpanContext | undefined;
  /** Ids chosen beforehand (see `newTraceContext`); with a parent only the span id counts. */
  readonly own?: SpanContext | undefined;
  /** `Date`, milliseconds since 1970, or `[seconds, nanoseconds]`. */
  readonly startTime: TimeInput;
  readonly endTime: TimeInput;
  readonly attributes: EngineAttributes;
  readonly links?: readonly SpanContext[];
  /** Makes the span ERROR with this message. */
  readonly error?: string | undefined;
  /** `error.type` beside `error`, for example `timeout`. */
  readonly errorType?: string | undefined;
}

/**
 * Records a span `hatchet.engine.<name>` that is already over, with the times at which it really began and
 * ended. Nothing happens when tracing is off or this service drops the trace.
 */
export function recordEngineSpan(name: EngineSpanName, options: EngineSpanOptions): void {
  const tracing = processTelemetry()?.tracing;
  if (tracing === undefined) return;
  const start = () =>
    tracing.tracer.startSpan(
      ENGINE_PREFIX + name,
      { kind: SpanKind.INTERNAL, startTime: options.startTime, links: linksTo(options.links) },
      onlyParent(options.parent),
    );
  const span = options.own === undefined ? start() : tracing.ids.using(options.own, start);
  if (!span.isRecording()) return;
  span.setAttributes(prefixed('hatchet.', { ...options.attributes, span_source: 'engine' }));
  if (options.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: options.error });
  if (options.errorType !== undefined) span.setAttribute(ATTR_ERROR_TYPE, options.errorType);
  span.end(options.endTime);
}
