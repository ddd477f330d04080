import type { Attributes, Histogram, MeterProvider } from '@opentelemetry/api';
import manifest from '../../package.json' with { type: 'json' };
import { type Books, DROP_REASONS } from './books.ts';

/**
 * The measurements of the delivery, in the names of the conventions for SDKs
 * (https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/), read from the books when metrics are collected: they cost
 * a span nothing. `error.type` is the reason of a drop.
 *
 * | instrument | what |
 * |---|---|
 * | `otel.sdk.processor.span.queue.size`, `.queue.capacity` | spans that wait, and that may wait |
 * | `otel.sdk.processor.span.processed` | spans that left the queue; with `error.type` those that never reached a call |
 * | `otel.sdk.exporter.span.inflight` | spans in the call that is on its way |
 * | `otel.sdk.exporter.span.exported` | spans whose fate is known; with `error.type` those not delivered |
 * | `otel.sdk.exporter.operation.duration` | seconds of a call; with `error.type` of one that failed |
 */
export class SelfMetrics {
  readonly #duration: Histogram;
  readonly #exporter: Attributes;

  /** @param endpoint `host:port` of the collector */
  constructor(provider: MeterProvider, books: Books, capacity: number, endpoint: string) {
    const meter = provider.getMeter(manifest.name, manifest.version);
    const processor = { 'otel.component.type': PROCESSOR, 'otel.component.name': `${PROCESSOR}/0` };
    const port = endpoint.lastIndexOf(':');
    this.#exporter = {
      'otel.component.type': EXPORTER,
      'otel.component.name': `${EXPORTER}/0`,
      'server.address': endpoint.slice(0, port).replace(/^\[|\]$/g, ''),
      'server.port': Number(endpoint.slice(port + 1)),
    };
    this.#duration = meter.createHistogram('otel.sdk.exporter.operation.duration', { unit: 's' });

    meter
      .createObservableUpDownCounter(`${SPANS.processor}.queue.size`, SPAN)
      .addCallback((result) => result.observe(books.queued - books.inFlight, processor));
    meter
      .createObservableUpDownCounter(`${SPANS.processor}.queue.capacity`, SPAN)
      .addCallback((result) => result.observe(capacity, processor));
    meter.createObservableCounter(`${SPANS.processor}.processed`, SPAN).addCallback((result) => {
      const { created, queued, inFlight, droppedBy } = books;
      const unsent = REASONS.before.reduce((sum, reason) => sum + droppedBy[reason], 0);
      result.observe(created - queued + inFlight - unsent, processor);
      for (const reason of REASONS.before) result.observe(droppedBy[reason], { ...processor, 'error.type': reason });
    });
    meter
      .createObservableUpDownCounter(`${SPANS.exporter}.inflight`, SPAN)
      .addCallback((result) => result.observe(books.inFlight, this.#exporter));
    meter.createObservableCounter(`${SPANS.exporter}.exported`, SPAN).addCallback((result) => {
      result.observe(books.exported, this.#exporter);
      for (const reason of REASONS.after) {
        result.observe(books.droppedBy[reason], { ...this.#exporter, 'error.type': reason });
      }
    });
  }

  /** A call is over. */
  called(seconds: number, failure: string | undefined): void {
    this.#duration.record(
      seconds,
      failure === undefined ? this.#exporter : { ...this.#exporter, 'error.type': failure },
    );
  }
}

/** Not a type of the conventions: those are for the SDK's own. */
const PROCESSOR = 'hatchet_span_delivery';
const EXPORTER = 'otlp_grpc_span_exporter';
const SPAN = { unit: '{span}' };
const SPANS = { processor: 'otel.sdk.processor.span', exporter: 'otel.sdk.exporter.span' } as const;
/** Before a call was made of the span, and after. */
const REASONS = {
  before: DROP_REASONS.filter((reason) => ['queue_full', 'encoding_failed', 'shutdown'].includes(reason)),
  after: DROP_REASONS.filter((reason) => ['refused', 'rejected', 'expired'].includes(reason)),
};
