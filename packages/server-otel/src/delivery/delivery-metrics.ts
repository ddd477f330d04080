import type { Attributes, Histogram, MeterProvider } from '@opentelemetry/api';
import manifest from '../../package.json' with { type: 'json' };
import { type DeliveryCounts, DROP_REASONS } from './delivery-counts.ts';

/**
 * Metrics of the delivery, named by the semantic conventions for SDKs
 * (https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/). They are read from the counts when metrics are
 * collected, so they cost a span nothing. `error.type` is the reason of a drop.
 *
 * | instrument | value |
 * |---|---|
 * | `otel.sdk.processor.span.queue.size`, `.queue.capacity` | spans in the queue, and its limit |
 * | `otel.sdk.processor.span.processed` | spans that left the queue; with `error.type` those that were never sent |
 * | `otel.sdk.exporter.span.inflight` | spans in the running call |
 * | `otel.sdk.exporter.span.exported` | spans whose call is settled; with `error.type` those not delivered |
 * | `otel.sdk.exporter.operation.duration` | seconds of a call; with `error.type` if it failed |
 */
export class DeliveryMetrics {
  readonly #duration: Histogram;
  readonly #exporter: Attributes;

  /** @param endpoint `host:port` of the collector */
  constructor(provider: MeterProvider, counts: DeliveryCounts, capacity: number, endpoint: string) {
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
      .addCallback((result) => result.observe(counts.queued - counts.inFlight, processor));
    meter
      .createObservableUpDownCounter(`${SPANS.processor}.queue.capacity`, SPAN)
      .addCallback((result) => result.observe(capacity, processor));
    meter.createObservableCounter(`${SPANS.processor}.processed`, SPAN).addCallback((result) => {
      const { created, queued, inFlight, droppedBy } = counts;
      const unsent = REASONS.before.reduce((sum, reason) => sum + droppedBy[reason], 0);
      result.observe(created - queued + inFlight - unsent, processor);
      for (const reason of REASONS.before) result.observe(droppedBy[reason], { ...processor, 'error.type': reason });
    });
    meter
      .createObservableUpDownCounter(`${SPANS.exporter}.inflight`, SPAN)
      .addCallback((result) => result.observe(counts.inFlight, this.#exporter));
    meter.createObservableCounter(`${SPANS.exporter}.exported`, SPAN).addCallback((result) => {
      result.observe(counts.exported, this.#exporter);
      for (const reason of REASONS.after) {
        result.observe(counts.droppedBy[reason], { ...this.#exporter, 'error.type': reason });
      }
    });
  }

  /** @param failure name of the gRPC status, if the call failed */
  recordCall(seconds: number, failure: string | undefined): void {
    this.#duration.record(
      seconds,
      failure === undefined ? this.#exporter : { ...this.#exporter, 'error.type': failure },
    );
  }
}

/** A type of our own: those of the conventions are reserved for the SDK's processors. */
const PROCESSOR = 'hatchet_span_delivery';
const EXPORTER = 'otlp_grpc_span_exporter';
const SPAN = { unit: '{span}' };
const SPANS = { processor: 'otel.sdk.processor.span', exporter: 'otel.sdk.exporter.span' } as const;
/** Reasons by the moment of the drop: before the span was sent, and after. */
const REASONS = {
  before: DROP_REASONS.filter((reason) => ['queue_full', 'encoding_failed', 'shutdown'].includes(reason)),
  after: DROP_REASONS.filter((reason) => ['refused', 'rejected', 'expired'].includes(reason)),
};
