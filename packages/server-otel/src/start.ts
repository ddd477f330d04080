import { metrics, ProxyTracerProvider, trace } from '@opentelemetry/api';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  type EffectiveConfiguration,
  type Environment,
  readConfiguration,
} from './configuration/read-configuration.ts';
import { startDatabaseSpans } from './database/database-spans.ts';
import { NOTHING_DELIVERED } from './delivery/books.ts';
import { forwardDiagnostics, STANDARD_ERROR, type TelemetryLogger } from './logger.ts';
import type { Authorization } from './pipeline/authorization.ts';
import { collectorOf } from './pipeline/collector.ts';
import { startMetricsPipeline } from './pipeline/metrics-pipeline.ts';
import { loadOtlp } from './pipeline/sdk.ts';
import { serviceResource } from './pipeline/service-resource.ts';
import { shutdownOnce } from './pipeline/shutdown.ts';
import { startTracingPipeline } from './pipeline/tracing-pipeline.ts';
import { processTelemetry, setProcessTelemetry } from './process-telemetry.ts';
import { installPropagation } from './propagation/install-propagation.ts';
import type { ServerTelemetry, ServerTelemetryStatus } from './server-telemetry.ts';
import { shutdownOnSignals } from './shutdown-on-signals.ts';

export interface ServerTelemetryOptions {
  /** Where the variables are read; default `process.env`. */
  readonly env?: Environment;
  /**
   * Where `server.yaml` is looked for when `SERVER_CONFIG_FILE` names no file; default: the working directory, as
   * for Hatchet's own commands without `--config`.
   */
  readonly configDirectory?: string | undefined;
  /**
   * Asked before every call to the collector for the value of its `Authorization` header, for tokens that the
   * application fetches itself. Goes before `SERVER_OTEL_COLLECTOR_AUTH`.
   */
  readonly authorization?: Authorization;
  /** `service.version` of the resource. */
  readonly serviceVersion?: string;
  /** Where the line at the start and the few later ones go; a pino logger fits. Default: standard error. */
  readonly logger?: TelemetryLogger;
  /**
   * Shuts down by itself on SIGTERM and SIGINT; default false: the application knows better when its work is done. A
   * process without listeners of its own then ends by the signal, as it would have.
   */
  readonly shutdownOnSignals?: boolean;
  /** More destinations for spans; with one of these tracing is on also without a collector URL. */
  readonly spanProcessors?: readonly SpanProcessor[];
  /** More destinations for metrics, a Prometheus exporter for example; with one of these metrics are on. */
  readonly metricReaders?: readonly IMetricReader[];
}

/**
 * Switches the telemetry of this process on, as `SERVER_OTEL_*` says; call it before pg and grpc-js are loaded.
 * Without a collector URL no SDK is loaded and no span made, but contexts pass through: the context manager, the
 * W3C propagator and the propagation of gRPC clients are there. What runs already is returned as it is.
 *
 * @throws ServerTelemetryConfigError with every problem of the configuration at once
 */
export function startServerTelemetry(options: ServerTelemetryOptions = {}): ServerTelemetry {
  const running = processTelemetry();
  if (running !== undefined) return running.telemetry;
  const env = options.env ?? process.env;
  const logger = options.logger ?? STANDARD_ERROR;
  const configured = readConfiguration(env, options.configDirectory);
  const { values: configuration, warnings } = configured;
  for (const warning of warnings) logger.warn({}, warning);
  forwardDiagnostics(logger, configuration.logLevel);
  const uninstallPropagation = installPropagation();

  const { spanProcessors = [], metricReaders = [] } = options;
  const wanted = configuration.collector !== undefined || spanProcessors.length + metricReaders.length > 0;
  if (wanted && !configuration.sdkDisabled) return startExport(configured, options, logger, uninstallPropagation);

  const reason = configuration.sdkDisabled ? 'OTEL_SDK_DISABLED is true' : 'SERVER_OTEL_COLLECTOR_URL is not set';
  logger.info({}, `Telemetry export is off: ${reason}`);
  const telemetry: ServerTelemetry = {
    enabled: false,
    tracerProvider: new ProxyTracerProvider(),
    meterProvider: metrics.getMeterProvider(),
    status: () => ({ enabled: false, ...NOTHING_DELIVERED }),
    forceFlush: async () => {},
    shutdown: async () => {
      if (processTelemetry()?.telemetry !== telemetry) return;
      setProcessTelemetry(undefined);
      uninstallPropagation();
    },
  };
  setProcessTelemetry({ telemetry });
  return telemetry;
}

function startExport(
  configured: EffectiveConfiguration,
  options: ServerTelemetryOptions,
  logger: TelemetryLogger,
  uninstallPropagation: () => void,
): ServerTelemetry {
  const configuration = configured.values;
  const resource = serviceResource(configuration, options.serviceVersion);
  const otlp = configuration.collector && loadOtlp();
  const collector = otlp && collectorOf(configured, otlp, logger, options.authorization);
  const metricReaders = options.metricReaders ?? [];
  const exportsMetrics = collector !== undefined && configuration.metricsEnabled;
  const measuring =
    exportsMetrics || metricReaders.length > 0
      ? startMetricsPipeline({
          collector: otlp && collector && exportsMetrics ? { collector, otlp } : undefined,
          readers: metricReaders,
          resource,
          intervalMillis: configuration.metricsIntervalMillis,
          logger,
        })
      : undefined;
  const tracing = startTracingPipeline({
    ratio: configuration.traceIdRatio,
    resource,
    processors: options.spanProcessors ?? [],
    collector: otlp && collector && { collector, otlp },
    limits: { queueSpans: configuration.queueSize, shutdownMillis: configuration.shutdownTimeoutMillis },
    logger,
    meterProvider: measuring?.meterProvider,
  });
  const meterProvider = measuring?.meterProvider ?? metrics.getMeterProvider();

  const isGlobal = trace.setGlobalTracerProvider(tracing.tracerProvider);
  if (!isGlobal)
    logger.warn({}, 'Another OpenTelemetry SDK is registered in this process: its tracer provider stays global');
  const isMeterGlobal = measuring !== undefined && metrics.setGlobalMeterProvider(measuring.meterProvider);
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
    meterProvider,
    status,
    forceFlush: async () => {
      await Promise.allSettled(pipelines.map((pipeline) => pipeline.forceFlush()));
    },
    shutdown: shutdownOnce(pipelines, configuration.shutdownTimeoutMillis, () => {
      stopListening();
      stopDatabaseSpans();
      if (isGlobal) trace.disable();
      if (isMeterGlobal) metrics.disable();
      uninstallPropagation();
      setProcessTelemetry(undefined);
    }),
  };
  setProcessTelemetry({ telemetry, tracing });
  if (options.shutdownOnSignals) stopListening = shutdownOnSignals(telemetry.shutdown);
  logger.info(
    {
      endpoint: collector?.address,
      tls: !configuration.insecure,
      auth: collector?.hasAuth ?? false,
      ratio: configuration.traceIdRatio,
      service: configuration.serviceName,
      metrics: measuring !== undefined,
    },
    'Telemetry export is on',
  );
  return telemetry;
}
