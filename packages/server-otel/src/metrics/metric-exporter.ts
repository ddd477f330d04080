import type { MeterProvider } from '@opentelemetry/api';
import type { ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { IExporterTransport } from '@opentelemetry/otlp-exporter-base';
import type {
  AggregationTemporality,
  InstrumentType,
  PushMetricExporter,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Collector } from '../collector/collector.ts';
import { type CallError, CollectorClient, METRICS_METHOD } from '../collector/collector-client.ts';
import type { TelemetryLogger } from '../logger.ts';
import type { OtlpModules } from '../modules.ts';

/**
 * Exports metrics and logs one line when the export begins to fail and one when it works again, instead of an error at
 * every interval. Failed exports are not retried: sums and histograms are cumulative, so the next export has them all.
 */
export class MetricExporter implements PushMetricExporter {
  readonly #collector: Collector;
  readonly #otlp: OtlpModules;
  readonly #client: CollectorClient;
  readonly #logger: TelemetryLogger;
  #exporter: PushMetricExporter | undefined;
  #isFailing = false;

  constructor(collector: Collector, otlp: OtlpModules, logger: TelemetryLogger) {
    this.#collector = collector;
    this.#otlp = otlp;
    this.#client = new CollectorClient(otlp.grpc, collector, METRICS_METHOD);
    this.#logger = logger;
  }

  /** Starts exporting. Separate from the constructor: the exporter measures itself with the provider that it serves. */
  start(meterProvider: MeterProvider): void {
    const { base, grpcBase, transformer } = this.#otlp;
    const metrics = grpcBase.createOtlpGrpcExporterMetrics(
      'otlp_grpc_metric_exporter',
      transformer.MetricsExporterMetricsHelper,
      this.#collector.address,
      meterProvider,
    );
    const transport: IExporterTransport = {
      send: async (data, timeoutMillis) => {
        try {
          return { status: 'success', data: await this.#client.call(data, timeoutMillis) };
        } catch (error) {
          return { status: 'failure', error: error as CallError };
        }
      },
      shutdown: () => this.#client.close(),
    };
    const serializer = transformer.ProtobufMetricsSerializer;
    this.#exporter = new base.OTLPExporterBase(
      base.createOtlpNetworkExportDelegate(LIMITS, serializer, metrics, transport),
    );
  }

  /**
   * Gauges have no temporality on the wire. In the SDK, “cumulative” would export an attribute set forever once it was
   * observed; “delta” stops when it is no longer observed.
   */
  selectAggregationTemporality(instrument: InstrumentType): AggregationTemporality {
    return instrument === OBSERVABLE_GAUGE ? DELTA : CUMULATIVE;
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    this.#exporter?.export(metrics, ({ code, error }) => {
      const isFailing = code !== SUCCESS;
      if (isFailing !== this.#isFailing) {
        const endpoint = this.#collector.address;
        if (isFailing) this.#logger.warn({ endpoint, error: error?.message }, 'metrics export fails; retrying');
        else this.#logger.info({ endpoint }, 'metrics export works again');
      }
      this.#isFailing = isFailing;
      done({ code: SUCCESS });
    });
  }

  async forceFlush(): Promise<void> {
    await this.#exporter?.forceFlush();
  }

  async shutdown(): Promise<void> {
    await this.#exporter?.shutdown();
  }

  /** Closes the connection at once; `shutdown` first waits for running calls, which may hang. */
  close(): void {
    this.#client.close();
  }
}

const LIMITS = {
  timeoutMillis: 10_000,
  concurrencyLimit: 4,
  compression: 'none', // the channel compresses
} as const;

/* Members of the SDK's enums; importing them would load the SDK. */
const SUCCESS: ExportResultCode.SUCCESS = 0;
const DELTA: AggregationTemporality.DELTA = 0;
const CUMULATIVE: AggregationTemporality.CUMULATIVE = 1;
const OBSERVABLE_GAUGE: `${InstrumentType.OBSERVABLE_GAUGE}` = 'OBSERVABLE_GAUGE';
