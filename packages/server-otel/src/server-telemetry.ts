import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { DeliveryStatus } from './delivery/books.ts';

/** What {@link ServerTelemetry.status} says: what runs, and the books of the delivery. */
export interface ServerTelemetryStatus extends DeliveryStatus {
  /** Whether spans are made; without it the service still hands on the contexts that it receives. */
  readonly enabled: boolean;
  /** `host:port` of the collector, when there is one. */
  readonly endpoint?: string;
}

/** The telemetry that runs in this process. */
export interface ServerTelemetry {
  readonly enabled: boolean;
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
  status(): ServerTelemetryStatus;
  /** Sends what is queued and waits for the answers; resolves also when the collector cannot be reached. */
  forceFlush(): Promise<void>;
  /**
   * Delivers what it can within `SERVER_OTEL_SHUTDOWN_TIMEOUT` and closes the connection. Never rejects; a
   * second call waits for the first.
   */
  shutdown(): Promise<void>;
}
