import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import { processTelemetry } from '../process-telemetry.ts';
import { randomId } from './preset-ids.ts';

/**
 * Ids for a trace that this service begins: the root span gets them later, by `own` of `recordEngineSpan`.
 * Its flag is what the sampler decides for the trace, clear when tracing is off.
 */
export function newTraceContext(): SpanContext {
  const traceId = randomId(4);
  return {
    traceId,
    spanId: randomId(2),
    traceFlags: isRecordedTrace(traceId) ? TraceFlags.SAMPLED : TraceFlags.NONE,
  };
}

/** Whether this service exports its spans of a trace: tracing is on and the ratio keeps this id. */
export function isRecordedTrace(traceId: string): boolean {
  return processTelemetry()?.tracing?.isSampled(traceId) ?? false;
}
