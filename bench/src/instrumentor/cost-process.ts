/* `node cost-process.ts <instrumentor> <provider>`: runs the requested operations and reports their cost. */
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { AlwaysOffSampler, BasicTracerProvider, NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { OperationName } from './operations.ts';

/** Instrumentor under measurement. */
export type InstrumentorName = 'none' | 'ours' | 'official' | 'minimal';
/** Tracer provider under measurement. */
export type ProviderName = 'no provider' | 'sampled out' | 'recorded';

/** Request to run an operation `count` times with an input of `bytes` bytes. */
export interface CostRequest {
  readonly operation: OperationName;
  readonly bytes: number;
  readonly count: number;
}

/** Cost of one operation. */
export interface Cost {
  /** CPU time in microseconds. */
  readonly micros: number;
  /** Heap growth. It equals the allocation as long as the young generation holds it. */
  readonly bytes: number;
}

const [instrumentor, provider] = process.argv.slice(2) as [InstrumentorName, ProviderName];

if (provider !== 'no provider') {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const spanProcessors = [new NoopSpanProcessor()];
  const sampler = provider === 'sampled out' ? { sampler: new AlwaysOffSampler() } : {};
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors, ...sampler }));
}
if (instrumentor === 'ours') {
  const { HatchetInstrumentor } = await import('@hatchet-ts/sdk-otel');
  new HatchetInstrumentor();
}
if (instrumentor === 'official') {
  const { HatchetInstrumentor } = await import('@hatchet-dev/typescript-sdk/opentelemetry/index.js');
  // each item of a bulk run gets its own context, as with ours
  new HatchetInstrumentor({ enableHatchetCollector: false, individualRunSpansForBulkRun: true });
}
if (instrumentor === 'minimal') (await import('./minimal-instrumentor.ts')).instrumentMinimally();
const { createOperations } = await import('./operations.ts');
const operationsByBytes = new Map<number, ReturnType<typeof createOperations>>();

process.on('message', async ({ operation, bytes, count }: CostRequest) => {
  const operations = operationsByBytes.get(bytes) ?? createOperations(bytes);
  operationsByBytes.set(bytes, operations);
  process.send?.(await measure(operations[operation], count));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

async function measure(operation: () => Promise<unknown>, count: number): Promise<Cost> {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) await operation();
  const { user, system } = process.cpuUsage(start);
  const grown = process.memoryUsage().heapUsed - before;
  return { micros: (user + system) / count, bytes: grown / count };
}
