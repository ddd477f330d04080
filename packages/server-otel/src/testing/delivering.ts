import * as grpc from '@grpc/grpc-js';
import type { MeterProvider, Tracer } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect } from 'vitest';
import type { DeliveryLimits } from '../delivery/limits.ts';
import { SpanDelivery } from '../delivery/span-delivery.ts';
import type { TraceCollector } from '../delivery/trace-service.ts';

/** A line of the log. */
export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Real spans on their way to a collector. */
export interface Delivering {
  readonly delivery: SpanDelivery;
  readonly tracer: Tracer;
  readonly provider: BasicTracerProvider;
  readonly lines: LoggedLine[];
  /** Ends so many spans. */
  spans(count: number): void;
  /** What the status says, checked to be balanced. */
  books(): ReturnType<SpanDelivery['status']>;
}

export interface DeliveringOptions {
  readonly limits?: Partial<DeliveryLimits>;
  readonly meterProvider?: MeterProvider;
  readonly metadata?: TraceCollector['metadata'];
  readonly channelOptions?: TraceCollector['channelOptions'];
  readonly resource?: Resource;
}

/** Pauses and deadlines are short, all else is as in production unless a test says otherwise. */
export function startDelivering(address: string, options: DeliveringOptions = {}): Delivering {
  const lines: LoggedLine[] = [];
  const say = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, fields: { ...fields } });
  };
  const delivery = new SpanDelivery(grpc, {
    collector: {
      address,
      target: `dns:${address}`,
      credentials: grpc.credentials.createInsecure(),
      channelOptions: {
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 100,
        ...options.channelOptions,
      },
      metadata: options.metadata ?? (async () => new grpc.Metadata()),
    },
    logger: { info: say('info'), warn: say('warn'), error: say('error') },
    limits: {
      firstPauseMillis: 10,
      longestPauseMillis: 50,
      reconnectMillis: 50,
      shutdownMillis: 500,
      ...options.limits,
    },
    ...(options.meterProvider && { meterProvider: options.meterProvider }),
  });
  const provider = new BasicTracerProvider({
    resource: options.resource ?? resourceFromAttributes({ 'service.name': 'test' }),
    spanProcessors: [delivery],
  });
  const tracer = provider.getTracer('test');
  return {
    delivery,
    tracer,
    provider,
    lines,
    spans: (count) => {
      for (let span = 0; span < count; span++) tracer.startSpan('span').end();
    },
    books: () => {
      const status = delivery.status();
      expect(status.exported + status.queued + status.dropped).toBe(status.created);
      return status;
    },
  };
}
