/* Runs every scenario in a span of its own, and prints the trace ids as one line of JSON. */
import { context, createTraceState, propagation, trace } from '@opentelemetry/api';
import { type Client, SCENARIOS, type Scenario } from './scenarios.ts';
import { tracerProvider } from './telemetry.ts';

const { HatchetClient } = await import('@hatchet-dev/typescript-sdk');
const hatchet = HatchetClient.init() as Client;
const tracer = trace.getTracer('shop');

async function runScenario(name: string, scenario: Scenario): Promise<string> {
  return await tracer.startActiveSpan(name, async (span) => {
    await scenario(hatchet);
    span.end();
    return span.spanContext().traceId;
  });
}

/** Calls a task with a tracestate and a baggage, and returns what it received of them. */
async function propagatedContext(): Promise<unknown> {
  const caller = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
    traceState: createTraceState('vendor=opaque'),
    isRemote: true,
  };
  const baggage = propagation.createBaggage({ customer: { value: 'A-1' } });
  const within = trace.setSpanContext(propagation.setBaggage(context.active(), baggage), caller);
  return await context.with(within, () => hatchet.run('context', {}));
}

// one after the other: the engine writes concurrent work in groups, each in a trace of its own
const traceIds: Record<string, string> = {};
for (const [name, scenario] of Object.entries(SCENARIOS)) traceIds[name] = await runScenario(name, scenario);
const seenByTask = await propagatedContext();
await tracerProvider.shutdown();
console.log(JSON.stringify({ msg: 'done', traceIds, seenByTask }));
process.exit(0); // the SDK keeps its connections open
