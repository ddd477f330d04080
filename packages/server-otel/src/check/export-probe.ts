import { type CallError, METRICS_METHOD, OtlpClient, TRACES_METHOD } from '@hatchet-ts/otlp/client';
import { readPartialSuccess } from '@hatchet-ts/otlp/export-result';
import { type Span, SpanKind } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import type { Collector } from '../collector/collector.ts';
import type { EffectiveConfiguration } from '../configuration/read-configuration.ts';
import { loadMetricsSdk, type OtlpModules } from '../modules.ts';
import { createServiceResource } from '../pipeline/service-resource.ts';
import { createTracerProvider } from '../pipeline/tracing-pipeline.ts';
import { SCOPE } from '../process-telemetry.ts';
import { StepFailure } from './step.ts';

/** Exports a span and a metric over the same kind of connection as the service. Each step rejects with a `StepFailure`. */
export class ExportProbe {
  readonly #collector: Collector;
  readonly #otlp: OtlpModules;
  readonly #millis: number;
  readonly #resource: Resource;
  readonly #traces: OtlpClient;
  readonly #metrics: OtlpClient;

  constructor(collector: Collector, { values }: EffectiveConfiguration, otlp: OtlpModules, millis: number) {
    this.#collector = collector;
    this.#otlp = otlp;
    this.#millis = millis;
    this.#resource = createServiceResource(values, undefined);
    this.#traces = new OtlpClient(otlp.grpc, collector, TRACES_METHOD);
    this.#metrics = new OtlpClient(otlp.grpc, collector, METRICS_METHOD);
  }

  /** Exports an empty request, so a refusal means that the collector rejected the authorization. */
  async authenticate(): Promise<string> {
    await this.#send(this.#traces, new Uint8Array());
    return this.#collector.hasAuth ? 'accepted' : 'no authorization is configured, and none is required';
  }

  async sendSpan(): Promise<string> {
    const { ProtobufTraceSerializer: serializer } = this.#otlp.transformer;
    const request = serializer.serializeRequest([createSpan(this.#resource)]);
    return `${CHECK_SPAN} was accepted${await this.#sendContent(this.#traces, request)}`;
  }

  async sendMetric(): Promise<string> {
    const { ProtobufMetricsSerializer: serializer } = this.#otlp.transformer;
    const request = serializer.serializeRequest(await createMetric(this.#resource));
    return `${CHECK_METRIC} was accepted${await this.#sendContent(this.#metrics, request)}`;
  }

  close(): void {
    this.#traces.close();
    this.#metrics.close();
  }

  /** @returns the message of a collector that accepts with one, as the end of a sentence */
  async #sendContent(client: OtlpClient, request: Uint8Array | undefined): Promise<string> {
    const { rejected, message: text } = readPartialSuccess(await this.#send(client, request));
    const message = client.hideAuthorization(text);
    if (rejected === 0) return message && `, with a message of the collector: ${message}`;
    throw new StepFailure(`the collector rejected the content of the call: ${message}`, 'see the log of the collector');
  }

  async #send(client: OtlpClient, request: Uint8Array = new Uint8Array()): Promise<Uint8Array> {
    try {
      return await client.call(request, this.#millis);
    } catch (error) {
      throw refusal(error as CallError, this.#collector.hasAuth);
    }
  }
}

const CHECK_SPAN = 'hatchet-server-otel check';
const CHECK_METRIC = 'hatchet.server_otel.check';

function createSpan(resource: Resource): ReadableSpan {
  const tracer = createTracerProvider({ resource }).getTracer(SCOPE.name, SCOPE.version);
  const span: Span = tracer.startSpan(CHECK_SPAN, { kind: SpanKind.INTERNAL, root: true });
  span.end();
  return span as Span & ReadableSpan;
}

async function createMetric(resource: Resource) {
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

function refusal(error: CallError, hasAuth: boolean): StepFailure {
  const detail = error.message;
  // A proxy or an HTTP server in front answers with an HTTP status, which gRPC maps to one of its own.
  const [, httpStatus] = /HTTP status code (\d+)/.exec(detail) ?? [];
  if (httpStatus !== undefined && httpStatus !== '401' && httpStatus !== '403') {
    const cause = 'an HTTP server answers: OTLP over gRPC uses port 4317, 4318 is OTLP over HTTP';
    return new StepFailure(detail, cause);
  }
  if (error.status === 'UNAUTHENTICATED') return new StepFailure(detail, hasAuth ? TOKEN_REJECTED : TOKEN_MISSING);
  return new StepFailure(detail, CAUSES[error.status] ?? 'see the log of the collector');
}

const TOKEN_REJECTED = 'the token is rejected: wrong, expired, or without its scheme (“Bearer …”)';
const TOKEN_MISSING =
  'the collector requires a token: set SERVER_OTEL_COLLECTOR_AUTH or SERVER_OTEL_COLLECTOR_AUTH_FILE';

/** Likely causes by gRPC status. */
const CAUSES: Readonly<Record<string, string>> = {
  DEADLINE_EXCEEDED: 'the collector is overloaded, or the service behind it does not answer',
  PERMISSION_DENIED: 'the token is valid but lacks permission',
  RESOURCE_EXHAUSTED: 'the collector is overloaded, or its memory or message size limit is reached',
  UNIMPLEMENTED: 'this gRPC server has no OTLP receiver for this signal: is a pipeline for it configured?',
  UNAVAILABLE: 'the connection was closed: is there a proxy that does not pass HTTP/2?',
};
