/* A process with one instrumentor and one provider, which does what it is told and says what it took. */
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { AlwaysOffSampler, BasicTracerProvider, NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { OperationName } from './operations.ts';

/** Who traces. */
export type InstrumentorName = 'none' | 'ours' | 'official' | 'minimal';
/** What becomes of the spans. */
export type ProviderName = 'no provider' | 'sampled out' | 'recorded';

/** What a process is asked: so many times this. */
export interface Order {
  readonly operation: OperationName;
  readonly bytes: number;
  readonly count: number;
}

/** For one operation. */
export interface Cost {
  /** of CPU, microseconds */
  readonly micros: number;
  /** by which the heap grew: all that was allocated, as long as the young generation holds it */
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
  // a context for each item of a bulk run, as ours has
  new HatchetInstrumentor({ enableHatchetCollector: false, individualRunSpansForBulkRun: true });
}
if (instrumentor === 'minimal') (await import('./minimal.ts')).instrumentMinimally();
const { operations } = await import('./operations.ts');
const prepared = new Map<number, ReturnType<typeof operations>>();

process.on('message', async ({ operation, bytes, count }: Order) => {
  const known = prepared.get(bytes) ?? operations(bytes);
  prepared.set(bytes, known);
  process.send?.(await cost(known[operation], count));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

async function cost(operation: () => Promise<unknown>, count: number): Promise<Cost> {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) await operation();
  const { user, system } = process.cpuUsage(start);
  const grown = process.memoryUsage().heapUsed - before;
  return { micros: (user + system) / count, bytes: grown / count };
}
