import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import { processTelemetry } from '../process-telemetry.ts';

/**
 * Creates the ids of a trace that this service begins. The root span gets them later, by `own` of `recordEngineSpan`.
 * The flag is the sampler's decision for the trace; it is clear if tracing is off.
 */
export function newTraceContext(): SpanContext {
  const traceId = randomId(4);
  return {
    traceId,
    spanId: randomId(2),
    traceFlags: isRecordedTrace(traceId) ? TraceFlags.SAMPLED : TraceFlags.NONE,
  };
}

/** Returns true if this service exports its spans of a trace: tracing is on and the ratio keeps this id. */
export function isRecordedTrace(traceId: string): boolean {
  return processTelemetry()?.tracing?.isSampled(traceId) ?? false;
}

/** Generates ids like the SDK's generator, or preset ones: the id of a run's root span is known long before the span is. */
export class PresetIds {
  #preset: SpanContext | undefined;

  /** Runs `startSpan`, synchronously, whose span takes these ids. */
  use<T>(preset: SpanContext, startSpan: () => T): T {
    this.#preset = preset;
    try {
      return startSpan();
    } finally {
      this.#preset = undefined;
    }
  }

  // Arrow functions: the SDK may call them detached.
  readonly generateTraceId = (): string => this.#preset?.traceId ?? randomId(4);
  readonly generateSpanId = (): string => this.#preset?.spanId ?? randomId(2);
}

/** Returns a random id of 32-bit words as hexadecimal digits, never all zero (W3C Trace Context 3.2.2). */
function randomId(words: number): string {
  let id = '';
  for (let word = 0; word < words; word++) id += ((Math.random() * 2 ** 32) >>> 0).toString(16).padStart(8, '0');
  return /[^0]/.test(id) ? id : randomId(words);
}
