import type { ExportResult, ExportResultCode } from '@opentelemetry/core';
import type {
  AggregationTemporality,
  InstrumentType,
  PushMetricExporter,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { TelemetryLogger } from '../logger.ts';

/**
 * Says once that metrics do not arrive and once that they do again, in place of an error at every interval. What is
 * lost meanwhile needs no repetition: sums and histograms are cumulative, the next export has them all.
 */
export class MetricDelivery implements PushMetricExporter {
  #exporter: PushMetricExporter | undefined;
  readonly #endpoint: string;
  readonly #logger: TelemetryLogger;
  #isLost = false;

  constructor(endpoint: string, logger: TelemetryLogger) {
    this.#endpoint = endpoint;
    this.#logger = logger;
  }

  /** The exporter comes later: it measures itself with the provider that it exports for. */
  through(exporter: PushMetricExporter): void {
    this.#exporter = exporter;
  }

  /**
   * A gauge has no temporality on the wire. In the SDK “cumulative” would mean that an attribute set, once observed, is
   * sent for ever; with “delta” what is no longer observed is no longer sent.
   */
  selectAggregationTemporality(instrument: InstrumentType): AggregationTemporality {
    return instrument === OBSERVABLE_GAUGE ? DELTA : CUMULATIVE;
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    this.#exporter?.export(metrics, ({ code, error }) => {
      const isLost = code !== SUCCESS;
      if (isLost !== this.#isLost) {
        const endpoint = this.#endpoint;
        if (isLost) this.#logger.warn({ endpoint, error: error?.message }, 'Metrics do not reach the collector');
        else this.#logger.info({ endpoint }, 'Metrics reach the collector again');
      }
      this.#isLost = isLost;
      done({ code: SUCCESS });
    });
  }

  async forceFlush(): Promise<void> {
    await this.#exporter?.forceFlush();
  }

  async shutdown(): Promise<void> {
    await this.#exporter?.shutdown();
  }
}

/* Members of the SDK's enums, which would have to be loaded for a number. */
const SUCCESS: ExportResultCode.SUCCESS = 0;
const DELTA: AggregationTemporality.DELTA = 0;
const CUMULATIVE: AggregationTemporality.CUMULATIVE = 1;
const OBSERVABLE_GAUGE: `${InstrumentType.OBSERVABLE_GAUGE}` = 'OBSERVABLE_GAUGE';
