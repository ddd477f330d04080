/*
 * `node speed-process.ts <source> <recorded|dropped> <url>`: queries for a moment whenever it gets a message, and reports
 * the CPU time of this process per query.
 */
import { context, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { SOURCES, type SourceName } from './sources.ts';

process.once('disconnect', () => process.exit());

export interface Measurement {
  /** CPU time of all threads per query, in µs. */
  readonly cpu: number;
  /** Database spans per query. */
  readonly spans: number;
}

const WARM_UP_MS = 2_000;
const MEASURED_MS = 200;
const PARALLEL = 8;

const [source = 'ours', parentKind = 'recorded', url = ''] = process.argv.slice(2);
let ended = 0;
const provider = new BasicTracerProvider({
  spanProcessors: [{ onStart() {}, onEnd: () => void ended++, async forceFlush() {}, async shutdown() {} }],
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
SOURCES[source as SourceName](provider);
const { default: pg } = await import('pg');
const pool = new pg.Pool({ connectionString: url, max: PARALLEL });

const tracer = provider.getTracer('bench');
const received = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.SAMPLED, isRemote: true };

await queryFor(WARM_UP_MS);
process.on('message', async () => {
  ended = 0;
  const before = process.cpuUsage();
  const queries = await queryFor(MEASURED_MS);
  const { user, system } = process.cpuUsage(before);
  process.send?.({ cpu: (user + system) / queries, spans: ended / queries } satisfies Measurement);
});
process.send?.('ready');

/** Queries for some time on all connections; returns the number of queries. */
async function queryFor(ms: number): Promise<number> {
  const end = performance.now() + ms;
  let queries = 0;
  const caller = async () => {
    while (performance.now() < end) {
      const parent = parentKind === 'recorded' ? tracer.startSpan('parent') : trace.wrapSpanContext(received);
      await context.with(trace.setSpan(context.active(), parent), async () => {
        // The statements of the engine: most have a name, all have parameters.
        for (let n = 0; n < 50; n++) {
          await pool.query({ name: 'one', text: 'SELECT $1::int AS value' }, [n]);
          await pool.query('SELECT $1::text AS value, $2::int AS number', ['text', n]);
        }
      });
      queries += 100;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, caller));
  return queries;
}
