import type { SpanContext } from '@opentelemetry/api';

/**
 * The SDK's id generator, with the possibility to say beforehand which ids the next span gets: a span whose
 * id was promised to its children long before (the root of a run's trace) is then made by the SDK like any other.
 */
export class PresetIds {
  #preset: Pick<SpanContext, 'traceId' | 'spanId'> | undefined;

  /** Runs `startSpan`, synchronously, so that the span it starts takes these ids. */
  using<T>(preset: Pick<SpanContext, 'traceId' | 'spanId'>, startSpan: () => T): T {
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

/** A random id of so many 32-bit words as hexadecimal digits, never all zero (W3C Trace Context 3.2.2). */
export function randomId(words: number): string {
  let id = '';
  for (let word = 0; word < words; word++) id += ((Math.random() * 2 ** 32) >>> 0).toString(16).padStart(8, '0');
  return /[^0]/.test(id) ? id : randomId(words);
}
