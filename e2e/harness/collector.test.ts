import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { describe, expect, it } from 'vitest';
import { Collector } from './collector.ts';
import { suite } from './suite.ts';
import { waterfallText } from './waterfall-text.ts';

const { folder, use } = suite();

describe('a Collector in a container', () => {
  it('receives the spans of the stock exporter, and its file renders as their tree', async () => {
    const collector = use(await Collector.start({ folder: join(folder, 'stock') }));
    const provider = exportingTo(collector.address);
    const tracer = provider.getTracer('harness');

    const root = tracer.startSpan('order', { kind: SpanKind.SERVER, attributes: { 'order.items': 3 } });
    const below = trace.setSpan(ROOT_CONTEXT, root);
    const failing = tracer.startSpan('charge', { kind: SpanKind.CLIENT }, below);
    failing.setStatus({ code: SpanStatusCode.ERROR, message: 'card declined' }).end();
    tracer.startSpan('notify', { links: [{ context: failing.spanContext() }] }, below).end();
    root.end();
    await provider.shutdown();

    const spans = await collector.traces.until('the three spans', (received) => received.length === 3);
    expect(waterfallText(spans)).toMatchInlineSnapshot(`
      "order · shop · SERVER
      ├─ charge · shop · CLIENT · ERROR
      │     ! card declined
      └─ notify · shop
            ↗ link to charge"
    `);
  });

  it('has written every acknowledged span when it has stopped', async () => {
    const collector = use(await Collector.start({ folder: join(folder, 'stop') }));
    const provider = exportingTo(collector.address);
    const tracer = provider.getTracer('harness');
    for (let n = 0; n < 1_000; n++) tracer.startSpan(`span ${n}`).end();
    await provider.shutdown();
    await collector.stop();

    expect(new Set((await collector.traces.spans()).map((span) => span.name)).size).toBe(1_000);
  });

  it('keeps its address when it is started again after a kill', async () => {
    const collector = use(await Collector.start({ folder: join(folder, 'again'), keepsAddress: true }));
    await collector.faults.kill();
    await collector.faults.start();
    const provider = exportingTo(collector.address);
    const send = () => {
      provider.getTracer('harness').startSpan('after').end();
      return provider.forceFlush().then(() => 'sent', String);
    };
    await expect.poll(send, { timeout: 30_000 }).toBe('sent'); // it needs a moment until it listens
    await provider.shutdown();

    await collector.traces.until('the span', (spans) => spans.some((span) => span.name === 'after'));
  });

  it('stops while it is paused', async () => {
    const collector = use(await Collector.start({ folder: join(folder, 'paused') }));
    await collector.faults.pause();
    await collector.stop();
  });

  it('runs with the configuration of a test', async () => {
    const config = await readFile(join(import.meta.dirname, '../collector/config.yaml'), 'utf8');
    const renamed = config.replace('path: /output/traces.jsonl', `path: \${env:FILE}`);
    const collector = use(
      await Collector.start({ folder: join(folder, 'own'), config: renamed, env: { FILE: '/output/traces.jsonl' } }),
    );
    const provider = exportingTo(collector.address);
    provider.getTracer('harness').startSpan('only').end();
    await provider.shutdown();

    await collector.traces.until('the span', (spans) => spans.some((span) => span.name === 'only'));
  });
});

function exportingTo(address: string): NodeTracerProvider {
  return new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `http://${address}` }), { maxQueueSize: 2_000 }),
    ],
  });
}
