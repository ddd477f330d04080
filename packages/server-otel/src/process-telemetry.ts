import { type MeterProvider, type SpanContext, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import manifest from '../package.json' with { type: 'json' };
import type { DeliveryStatus } from './delivery/delivery-counts.ts';

/** Status of the telemetry: the counts of the delivery, and the state of the export. */
export interface ServerTelemetryStatus extends DeliveryStatus {
  /** True if spans are created. If false, the service still passes on the contexts that it receives. */
  readonly enabled: boolean;
  /** `host:port` of the collector, if there is one. */
  readonly endpoint?: string;
}

/** The telemetry of this process. */
export interface ServerTelemetry {
  readonly enabled: boolean;
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
  status(): ServerTelemetryStatus;
  /** Sends queued spans and waits for the collector's answers. Resolves even if the collector is unavailable. */
  forceFlush(): Promise<void>;
  /**
   * Delivers what it can within `SERVER_OTEL_SHUTDOWN_TIMEOUT` and closes the connection. Never rejects; a
   * second call waits for the first.
   */
  shutdown(): Promise<void>;
}

/** Instrumentation scope of all spans of this package. */
export const SCOPE: { readonly name: string; readonly version: string } = {
  name: manifest.name,
  version: manifest.version,
};

/** The running telemetry, for the span helpers. */
export interface ProcessTelemetry {
  readonly telemetry: ServerTelemetry;
  /** Undefined if tracing is off. */
  readonly tracing?: {
    readonly tracer: Tracer;
    /** Runs `startSpan`, whose span takes the given ids. */
    withIds<T>(ids: SpanContext, startSpan: () => T): T;
    isSampled(traceId: string): boolean;
  };
}

/**
 * Returns the telemetry that was started in this process, if any. It is stored on the global object, not in this
 * module: an application may load the package twice, as ESM by `--import` and as CommonJS by `require`.
 */
export function processTelemetry(): ProcessTelemetry | undefined {
  return holder[KEY];
}

export function setProcessTelemetry(running: ProcessTelemetry | undefined): void {
  holder[KEY] = running;
}

/** Returns our tracer, else the one that the process registered by other means, else the API's no-op. */
export function serverTracer(): Tracer {
  return holder[KEY]?.tracing?.tracer ?? trace.getTracer(SCOPE.name, SCOPE.version);
}

const KEY = Symbol.for('@hatchet-ts/server-otel');
const holder = globalThis as { [KEY]?: ProcessTelemetry | undefined };
