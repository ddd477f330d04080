import type { ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { TelemetryLogger } from '../logger.ts';

/** What became of the spans that were handed to the exporter. */
export interface DeliveryStatus {
  readonly exported: number;
  /** Given up after a failed call. */
  readonly dropped: number;
  /** Message of the latest failure, also when the collector has answered since. */
  readonly lastError?: string;
}

/**
 * Counts what the exporter delivers and says in one line each that the collector was lost, is still lost and
 * is back. The processor in front never hears of a failure: it would log every batch.
 */
export class Delivery implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #endpoint: string;
  readonly #logger: TelemetryLogger;
  #exported = 0;
  #dropped = 0;
  #lastError: string | undefined;
  #lostSince: number | undefined;
  #saidAt = 0;

  constructor(exporter: SpanExporter, endpoint: string, logger: TelemetryLogger) {
    this.#exporter = exporter;
    this.#endpoint = endpoint;
    this.#logger = logger;
  }

  get status(): DeliveryStatus {
    const counts = { exported: this.#exported, dropped: this.#dropped };
    return this.#lastError === undefined ? counts : { ...counts, lastError: this.#lastError };
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, ({ code, error }) => {
      if (code === SUCCESS) this.#delivered(spans.length);
      else this.#failed(spans.length, error);
      done({ code: SUCCESS });
    });
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  #delivered(spans: number): void {
    this.#exported += spans;
    if (this.#lostSince === undefined) return;
    const seconds = Math.round((Date.now() - this.#lostSince) / 1000);
    this.#lostSince = undefined;
    this.#logger.info({ ...this.#fields(), seconds }, 'The collector is back');
  }

  #failed(spans: number, error: Error | undefined): void {
    this.#dropped += spans;
    this.#lastError = error?.message ?? 'unknown error';
    const now = Date.now();
    if (this.#lostSince !== undefined && now - this.#saidAt < REMIND_MILLIS) return;
    this.#logger.warn(
      { ...this.#fields(), error: this.#lastError },
      this.#lostSince === undefined ? 'The collector cannot be reached' : 'The collector still cannot be reached',
    );
    this.#lostSince ??= now;
    this.#saidAt = now;
  }

  #fields(): object {
    return { endpoint: this.#endpoint, exported: this.#exported, dropped: this.#dropped };
  }
}

const REMIND_MILLIS = 5 * 60_000;
/** `ExportResultCode.SUCCESS`; the enum would load the SDK's core for a number. */
const SUCCESS = 0;
