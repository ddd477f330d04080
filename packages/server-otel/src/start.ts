import { flushAtEnd, type LastBatchChild } from '@hatchet-ts/process-end';
import { metrics, ProxyTracerProvider } from '@opentelemetry/api';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { Authorization } from './collector/authorization.ts';
import { describeCollector } from './collector/collector.ts';
import { ServerTelemetryConfigError } from './configuration/configuration-error.ts';
import { type EffectiveConfiguration, readConfiguration } from './configuration/read-configuration.ts';
import type { Environment } from './configuration/written-value.ts';
import { startDatabaseSpans } from './database/database-spans.ts';
import { NOTHING_DELIVERED } from './delivery/delivery-counts.ts';
import { forwardDiagnostics, STANDARD_ERROR, safeLogger, type TelemetryLogger } from './logger.ts';
import { startMetricsPipeline } from './metrics/metrics-pipeline.ts';
import { loadOtlp } from './modules.ts';
import { sendInChild } from './pipeline/last-batch.ts';
import { createServiceResource } from './pipeline/service-resource.ts';
import { createShutdown } from './pipeline/shutdown.ts';
import { startTracingPipeline } from './pipeline/tracing-pipeline.ts';
import {
  processTelemetry,
  type ServerTelemetry,
  type ServerTelemetryStatus,
  setProcessTelemetry,
} from './process-telemetry.ts';
import { installPropagation, patchGrpcClients } from './propagation/propagation.ts';

export interface ServerTelemetryOptions {
  /** Source of the variables; default `process.env`. */
  readonly env?: Environment;
  /**
   * Directory of `server.yaml` if `SERVER_CONFIG_FILE` names no file; default: the working directory, as for Hatchet's
   * own commands without `--config`.
   */
  readonly configDirectory?: string | undefined;
  /**
   * Returns the value of the `Authorization` header and is called before every call to the collector, for tokens that
   * the application obtains itself. Replaces `SERVER_OTEL_COLLECTOR_AUTH`.
   */
  readonly authorization?: Authorization;
  /** `service.version` of the resource. */
  readonly serviceVersion?: string;
  /** Logger of the telemetry itself; a pino logger fits. Default: standard error. */
  readonly logger?: TelemetryLogger;
  /**
   * Delivers queued spans on SIGTERM, SIGINT and SIGHUP, and when the event loop is empty, within
   * `SERVER_OTEL_SHUTDOWN_TIMEOUT`; default false, because the application knows when its work is done. A process without
   * listeners of its own then ends by the signal, as it would have.
   */
  readonly shutdownOnSignals?: boolean;
  /** Further destinations of spans; they turn tracing on even without a collector URL. */
  readonly spanProcessors?: readonly SpanProcessor[];
  /** Further destinations of metrics, for example a Prometheus exporter; they turn metrics on. */
  readonly metricReaders?: readonly IMetricReader[];
}

/**
 * Starts the telemetry of this process as `SERVER_OTEL_*` configures it. Call it before pg and grpc-js are loaded.
 * Without a collector URL no SDK is loaded and no span is created, but contexts pass through: the context manager, the
 * W3C propagator and the propagation of gRPC clients are installed. If telemetry runs already, it is returned unchanged.
 *
 * @throws ServerTelemetryConfigError with all problems of the configuration
 */
export function startServerTelemetry(options: ServerTelemetryOptions = {}): ServerTelemetry {
  return startTelemetry(options);
}

/** @param lastBatch process that sends the spans that are left in the `exit` event; without it they are given up */
export function startTelemetry(options: ServerTelemetryOptions, lastBatch?: LastBatchChild): ServerTelemetry {
  const running = processTelemetry();
  if (running !== undefined) return running.telemetry;
  const env = options.env ?? process.env;
  const logger = safeLogger(options.logger ?? STANDARD_ERROR);
  const configured = configure(env, options.configDirectory, logger);
  const { values: configuration } = configured;
  forwardDiagnostics(logger, configuration.logLevel);
  patchGrpcClients();

  const { spanProcessors = [], metricReaders = [] } = options;
  const hasDestination = configuration.collector !== undefined || spanProcessors.length + metricReaders.length > 0;
  if (hasDestination && !configuration.sdkDisabled) return startExport(configured, options, logger, lastBatch);

  const reason = configuration.sdkDisabled ? 'OTEL_SDK_DISABLED is true' : 'SERVER_OTEL_COLLECTOR_URL is not set';
  logger.info({}, `telemetry export is off: ${reason}`);
  return startPropagationOnly();
}

/** Reads the configuration and logs its warnings, also if it is invalid. */
function configure(env: Environment, directory: string | undefined, logger: TelemetryLogger): EffectiveConfiguration {
  const warn = (warnings: readonly string[]) => {
    for (const warning of warnings) logger.warn({}, warning);
  };
  try {
    const configured = readConfiguration(env, directory);
    warn(configured.warnings);
    return configured;
  } catch (error) {
    if (error instanceof ServerTelemetryConfigError) warn(error.warnings);
    throw error;
  }
}

function startPropagationOnly(): ServerTelemetry {
  const removePropagation = installPropagation();
  const telemetry: ServerTelemetry = {
    enabled: false,
    tracerProvider: new ProxyTracerProvider(),
    meterProvider: metrics.getMeterProvider(),
    status: () => ({ enabled: false, ...NOTHING_DELIVERED }),
    forceFlush: async () => {},
    shutdown: async () => {
      if (processTelemetry()?.telemetry !== telemetry) return;
      setProcessTelemetry(undefined);
      removePropagation();
    },
  };
  setProcessTelemetry({ telemetry });
  return telemetry;
}

function startExport(
  configured: EffectiveConfiguration,
  options: ServerTelemetryOptions,
  logger: TelemetryLogger,
  lastBatch: LastBatchChild | undefined,
): ServerTelemetry {
  const configuration = configured.values;
  const resource = createServiceResource(configuration, options.serviceVersion);
  const otlp = configuration.collector && loadOtlp();
  const collector = otlp && describeCollector(configured, otlp, logger, options.authorization);
  const target = otlp && collector && { collector, otlp };
  const readers = options.metricReaders ?? [];
  const exportsMetrics = collector !== undefined && configuration.metricsEnabled;
  const measuring =
    exportsMetrics || readers.length > 0
      ? startMetricsPipeline({
          collector: exportsMetrics ? target : undefined,
          readers,
          resource,
          intervalMillis: configuration.metricsIntervalMillis,
          logger,
        })
      : undefined;
  const tracing = startTracingPipeline({
    ratio: configuration.traceIdRatio,
    resource,
    processors: options.spanProcessors ?? [],
    collector: target,
    limits: { queueSpans: configuration.queueSize, shutdownMillis: configuration.shutdownTimeoutMillis },
    logger,
    meterProvider: measuring?.meterProvider,
  });
  if (!tracing.isGlobal) {
    logger.warn(
      {},
      'another OpenTelemetry SDK is registered in this process and stays the global one; it gets the spans of other instrumentations; start only one of the two',
    );
  }
  const isMeterGlobal =
    measuring !== undefined &&
    !('forceFlush' in metrics.getMeterProvider()) &&
    metrics.setGlobalMeterProvider(measuring.meterProvider);
  const stopDatabaseSpans = startDatabaseSpans(tracing.tracerProvider, measuring?.meterProvider);

  let stopListening = () => {};
  const pipelines = measuring === undefined ? [tracing] : [tracing, measuring];
  const status = (): ServerTelemetryStatus => ({
    enabled: true,
    ...(collector && { endpoint: collector.address }),
    ...tracing.status(),
  });
  const telemetry: ServerTelemetry = {
    enabled: true,
    tracerProvider: tracing.tracerProvider,
    meterProvider: measuring?.meterProvider ?? metrics.getMeterProvider(),
    status,
    forceFlush: async () => {
      await Promise.allSettled(pipelines.map((pipeline) => pipeline.forceFlush()));
    },
    shutdown: createShutdown(pipelines, configuration.shutdownTimeoutMillis, () => {
      stopListening();
      stopDatabaseSpans();
      tracing.unregister();
      if (isMeterGlobal) metrics.disable();
      setProcessTelemetry(undefined);
    }),
  };
  setProcessTelemetry({ telemetry, tracing });
  if (options.shutdownOnSignals) {
    stopListening = flushAtEnd({
      flushMillis: configuration.shutdownTimeoutMillis,
      endedSpans: () => tracing.status().created,
      flush: telemetry.forceFlush,
      settle: (mayWait) =>
        tracing.settleNow(mayWait && lastBatch ? (requests) => sendInChild(lastBatch, requests) : undefined),
    });
  }
  logger.info(
    {
      endpoint: collector?.address,
      ...(collector?.proxy !== undefined && { proxy: collector.proxy }),
      tls: !configuration.insecure,
      auth: collector?.hasAuth ?? false,
      ratio: configuration.traceIdRatio,
      service: configuration.serviceName,
      metrics: measuring !== undefined,
    },
    'telemetry export is on',
  );
  return telemetry;
}
