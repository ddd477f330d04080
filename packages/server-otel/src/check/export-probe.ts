import type { ServiceError } from '@grpc/grpc-js';
import { type Span, SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { EffectiveConfiguration } from '../configuration/read-configuration.ts';
import type { Collector } from '../pipeline/collector.ts';
import { GrpcTransport } from '../pipeline/grpc-transport.ts';
import { METRICS_METHOD, TRACES_METHOD } from '../pipeline/otlp-exporter.ts';
import { loadMetricsSdk, loadTracingSdk, type OtlpModules } from '../pipeline/sdk.ts';
import { serviceResource } from '../pipeline/service-resource.ts';
import { SCOPE } from '../process-telemetry.ts';
import { StepFailure } from './step.ts';

/** Real exports, over the connection that the service itself would use. */
export interface ExportProbe {
  /** An export of nothing: whoever is refused here is refused for his authorisation. */
  authenticate(): Promise<string>;
  sendSpan(): Promise<string>;
  sendMetric(): Promise<string>;
  close(): void;
}

export function exportProbe(
  collector: Collector,
  configuration: EffectiveConfiguration,
  otlp: OtlpModules,
  millis: number,
): ExportProbe {
  const traces = new GrpcTransport(collector, TRACES_METHOD, otlp);
  const metrics = new GrpcTransport(collector, METRICS_METHOD, otlp);
  const resource = serviceResource(configuration.values, undefined);
  const send = async (transport: GrpcTransport, bytes: Uint8Array): Promise<Uint8Array> => {
    const answer = await transport.send(bytes, millis);
    if (answer.status === 'success') return answer.data ?? new Uint8Array();
    const error = 'error' in answer ? answer.error : new Error(answer.status);
    throw refusal(error as ServiceError, collector.hasAuth);
  };
  const rejected = (count: unknown, message: string | undefined) => {
    if (Number(count ?? 0) === 0) return;
    throw new StepFailure(
      `the collector took the call and rejected what was in it: ${message ?? ''}`,
      'see its own log',
    );
  };
  return {
    authenticate: async () => {
      await send(traces, new Uint8Array());
      return collector.hasAuth ? 'accepted' : 'none is set, and none is asked for';
    },
    sendSpan: async () => {
      const { ProtobufTraceSerializer: serializer } = otlp.transformer;
      const answer = await send(traces, serializer.serializeRequest([checkSpan(resource)]) ?? new Uint8Array());
      const { partialSuccess } = serializer.deserializeResponse(answer);
      rejected(partialSuccess?.rejectedSpans, partialSuccess?.errorMessage);
      return `${CHECK_SPAN} was taken`;
    },
    sendMetric: async () => {
      const { ProtobufMetricsSerializer: serializer } = otlp.transformer;
      const answer = await send(metrics, serializer.serializeRequest(await checkMetric(resource)) ?? new Uint8Array());
      const { partialSuccess } = serializer.deserializeResponse(answer);
      rejected(partialSuccess?.rejectedDataPoints, partialSuccess?.errorMessage);
      return `${CHECK_METRIC} was taken`;
    },
    close: () => {
      traces.shutdown();
      metrics.shutdown();
    },
  };
}

const CHECK_SPAN = 'hatchet-server-otel check';
const CHECK_METRIC = 'hatchet.server_otel.check';

function checkSpan(resource: ReturnType<typeof serviceResource>): ReadableSpan {
  const { BasicTracerProvider } = loadTracingSdk();
  const tracer = new BasicTracerProvider({ resource }).getTracer(SCOPE.name, SCOPE.version);
  const span: Span = tracer.startSpan(CHECK_SPAN, { kind: SpanKind.INTERNAL, root: true });
  span.end();
  return span as Span & ReadableSpan;
}

async function checkMetric(resource: ReturnType<typeof serviceResource>) {
  const { MeterProvider, MetricReader } = loadMetricsSdk();
  class OnceReader extends MetricReader {
    protected async onForceFlush(): Promise<void> {}
    protected async onShutdown(): Promise<void> {}
  }
  const reader = new OnceReader();
  const provider = new MeterProvider({ resource, readers: [reader] });
  provider.getMeter(SCOPE.name, SCOPE.version).createCounter(CHECK_METRIC, { unit: '{check}' }).add(1);
  const { resourceMetrics } = await reader.collect();
  await provider.shutdown();
  return resourceMetrics;
}

function refusal(error: ServiceError, hasAuth: boolean): StepFailure {
  const detail = error.message;
  // A proxy or an HTTP server in front answers with an HTTP status, which gRPC turns into one of its own.
  const [, httpStatus] = /HTTP status code (\d+)/.exec(detail) ?? [];
  if (httpStatus !== undefined && httpStatus !== '401' && httpStatus !== '403') {
    return new StepFailure(
      detail,
      'an HTTP server answers: 4318 is the port of OTLP over HTTP, that of OTLP over gRPC is 4317',
    );
  }
  return new StepFailure(detail, CAUSES[error.code]?.(hasAuth) ?? 'see the log of the collector');
}

/** Likely causes by gRPC status. */
const CAUSES: Readonly<Record<number, (hasAuth: boolean) => string>> = {
  4: () => 'the collector is overloaded, or what stands behind it does not answer',
  7: () => 'the token is known but may not do this',
  8: () => 'the collector is overloaded, or its limit of memory or message size is reached',
  12: () => 'this is a gRPC server, but it has no OTLP receiver for this signal: is a pipeline for it configured?',
  14: () => 'the connection was closed: is a proxy in between that does not pass HTTP/2?',
  16: (hasAuth) =>
    hasAuth
      ? 'the token is refused: wrong, expired, or without its scheme (“Bearer …”)'
      : 'the collector asks for a token: set SERVER_OTEL_COLLECTOR_AUTH or SERVER_OTEL_COLLECTOR_AUTH_FILE',
};
