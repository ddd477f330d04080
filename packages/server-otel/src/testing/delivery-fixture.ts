import { credentials, Metadata } from '@grpc/grpc-js';
import { OtlpReceiver, type ReceiverOptions } from '@hatchet-ts/trace-testing/receiver';
import type { MeterProvider, Tracer } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { expect, onTestFinished } from 'vitest';
import type { DeliveryLimits } from '../delivery/limits.ts';
import { SpanDelivery, type SpanDeliveryOptions } from '../delivery/span-delivery.ts';
import { loadOtlp } from '../modules.ts';

type Target = SpanDeliveryOptions['collector'];

/** A line of the log. */
export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A delivery with real spans. */
export interface DeliveryFixture {
  readonly delivery: SpanDelivery;
  readonly tracer: Tracer;
  readonly lines: LoggedLine[];
  /** Level and message of each line. */
  messages(): Array<readonly [level: string, message: string]>;
  /** Ends spans. */
  spans(count: number): void;
  /** Returns the status, after checking that its counts balance. */
  counts(): ReturnType<SpanDelivery['status']>;
}

export interface DeliveryFixtureOptions {
  readonly limits?: Partial<DeliveryLimits>;
  readonly meterProvider?: MeterProvider;
  readonly metadata?: Target['metadata'];
  readonly channelOptions?: Target['channelOptions'];
  readonly resource?: Resource;
  /** Options of the collector. */
  readonly receiver?: ReceiverOptions;
}

/** Starts a collector and a delivery to it; both are closed at the end of the test. */
export async function startDelivery(
  options?: DeliveryFixtureOptions,
): Promise<DeliveryFixture & { readonly collector: OtlpReceiver }> {
  const collector = await OtlpReceiver.start(options?.receiver);
  const fixture = startDeliveryTo(collector.address, options);
  onTestFinished(() => collector.stop());
  return { ...fixture, collector };
}

/** Starts a delivery that is closed at the end of the test. Its back-offs are short; all else is as in production. */
export function startDeliveryTo(address: string, options: DeliveryFixtureOptions = {}): DeliveryFixture {
  const lines: LoggedLine[] = [];
  const log = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, fields: { ...fields } });
  };
  const plaintext = credentials.createInsecure();
  const delivery = new SpanDelivery({
    collector: {
      address,
      target: `dns:${address}`,
      credentials: () => plaintext,
      channelOptions: {
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 100,
        ...options.channelOptions,
      },
      metadata: options.metadata ?? (async () => new Metadata()),
    },
    otlp: loadOtlp(),
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    limits: {
      firstBackoffMillis: 10,
      longestBackoffMillis: 50,
      reconnectMillis: 50,
      shutdownMillis: 500,
      ...options.limits,
    },
    ...(options.meterProvider && { meterProvider: options.meterProvider }),
  });
  const provider = new NodeTracerProvider({
    resource: options.resource ?? resourceFromAttributes({ 'service.name': 'test' }),
    spanProcessors: [delivery],
  });
  const tracer = provider.getTracer('test');
  onTestFinished(() => delivery.close());
  return {
    delivery,
    tracer,
    lines,
    messages: () => lines.map(({ level, message }) => [level, message]),
    spans: (count) => {
      for (let span = 0; span < count; span++) tracer.startSpan('span').end();
    },
    counts: () => {
      const status = delivery.status();
      expect(status.exported + status.queued + status.dropped).toBe(status.created);
      return status;
    },
  };
}

/** Returns the number of spans of each call that a collector received. */
export function sizesOf(collector: OtlpReceiver): number[] {
  return collector.calls.map(({ spans }) => spans.length);
}
