import { METRICS_METHOD, OtlpClient } from '@hatchet-ts/otlp/client';
import { exportRequest } from '@hatchet-ts/otlp/export-result';
import { METRICS, RequestParts } from '@hatchet-ts/otlp/request-parts';
import { SeenMessages } from '@hatchet-ts/otlp/seen-messages';
import { SizeLimit } from '@hatchet-ts/otlp/size-limit';
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
import { DELIVERY_LIMITS } from '../delivery/limits.ts';
import type { TelemetryLogger } from '../logger.ts';
import type { OtlpModules } from '../modules.ts';

/**
 * Exports metrics and logs one line when the export begins to fail and one when it works again, instead of an error at
 * every interval. Failed exports are not retried: sums and histograms are cumulative, so the next export has them all.
 */
export class MetricExporter implements PushMetricExporter {
  readonly #collector: Collector;
  readonly #otlp: OtlpModules;
  readonly #client: OtlpClient;
  readonly #logger: TelemetryLogger;
  readonly #sizeLimit = new SizeLimit(DELIVERY_LIMITS.batchBytes);
  readonly #messages = new SeenMessages();
  #exporter: PushMetricExporter | undefined;
  #isFailing = false;

  constructor(collector: Collector, otlp: OtlpModules, logger: TelemetryLogger) {
    this.#collector = collector;
    this.#otlp = otlp;
    this.#client = new OtlpClient(otlp.grpc, collector, METRICS_METHOD);
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
          await this.#send(data, timeoutMillis);
          return { status: 'success' };
        } catch (error) {
          return { status: 'failure', error: error as Error };
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

  /**
   * Sends a request, in parts if it is too large. A part that the collector refuses does not keep the others back.
   *
   * @throws Error if data points are lost
   */
  async #send(request: Uint8Array, timeoutMillis: number): Promise<void> {
    const parts = new RequestParts(request, METRICS, this.#sizeLimit);
    let lost: { items: number; error: string } | undefined;
    const lose = (items: number, error: string) => {
      if (items > 0) lost = { items: (lost?.items ?? 0) + items, error };
    };
    for (let part = parts.next(); part !== undefined; part = parts.next()) {
      const result = part.isKnownTooLarge
        ? KNOWN_TOO_LARGE
        : await exportRequest(this.#client, part.bytes, timeoutMillis);
      if (result.kind === 'too large') lose(parts.refuse(), result.error);
      else if (result.kind === 'accepted') {
        parts.settle({ passed: true });
        this.#reportMessage(result);
      } else if (result.kind === 'refused') {
        lose(part.items, result.error);
        parts.settle({ passed: false });
      } else throw new Error(result.error);
    }
    if (lost !== undefined) throw new Error(`lost data points: ${lost.items}; last error: ${lost.error}`);
  }

  #reportMessage({ rejected, message }: { rejected: number; message: string }): void {
    if ((rejected === 0 && message === '') || !this.#messages.add(message)) return;
    const fields = { endpoint: this.#collector.address, rejected, collector: message };
    if (rejected === 0) this.#logger.warn(fields, 'collector accepted all metrics, with a message');
    else this.#logger.warn(fields, 'collector rejected data points; dropping them');
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

const KNOWN_TOO_LARGE = {
  kind: 'too large',
  error: 'data point is larger than another one that the collector refused for its size',
} as const;

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
