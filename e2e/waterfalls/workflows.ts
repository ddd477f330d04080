import { HatchetClient, type JsonObject } from '@hatchet-dev/typescript-sdk';
import { propagation, trace } from '@opentelemetry/api';

/* Workflows of this suite's workers: one for each feature whose waterfall is shown. */

export const hatchet = HatchetClient.init();

type Failing = { fails: boolean };

const single = hatchet.task({ name: 'single', fn: async ({ n }: { n: number }) => ({ n }) });

const ticking = hatchet.task({ name: 'ticking', fn: async () => ({}) });

const inner = hatchet.task({
  name: 'inner',
  fn: async () => ({ single: await single.run({ n: 1 }, { childKey: 'only' }) }),
});

const outer = hatchet.task({ name: 'outer', fn: async () => ({ inner: await inner.run({}) }) });

const pipeline = hatchet.workflow<Failing>({ name: 'pipeline' });
const fetchStep = pipeline.task({ name: 'fetch', fn: async () => ({ rows: 3 }) });
const parse = pipeline.task({
  name: 'parse',
  parents: [fetchStep],
  retries: 1,
  backoff: { factor: 1, maxSeconds: 1 },
  fn: async ({ fails }: Failing, ctx) => {
    if (fails || ctx.retryCount() === 0) throw new Error('malformed row');
    return { rows: 3 };
  },
});
pipeline.task({ name: 'store', parents: [parse], fn: async () => ({ stored: true }) });
pipeline.onFailure({ name: 'tidy-up', fn: async () => ({ tidied: true }) });

const onEvent = hatchet.task({ name: 'on-event', onEvents: ['item:*'], fn: async () => ({}) });

const sleeper = hatchet.durableTask({
  name: 'sleeper',
  evictionPolicy: { ttl: '1s', allowCapacityEviction: true, priority: 0 },
  fn: async (_: JsonObject, ctx) => {
    await ctx.sleepFor('4s');
    return { slept: true };
  },
});

const steps = hatchet.durableTask({
  name: 'steps',
  fn: async (_: JsonObject, ctx) => {
    await ctx.now(); // memoized: the same time in every invocation
    const { n } = await ctx.spawnChild(single, { n: 1 });
    return { n };
  },
});

const endless = hatchet.task({
  name: 'endless',
  fn: async (_: JsonObject, { abortController: { signal } }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return {};
  },
});

const slow = hatchet.task({
  name: 'slow',
  executionTimeout: '1s',
  fn: async (_: JsonObject, { abortController: { signal } }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return {};
  },
});

const gathered = hatchet.task({
  name: 'gathered',
  batch: { maxSize: 3 },
  fn: async (inputs: Record<string, { n: number }>) =>
    Object.fromEntries(Object.entries(inputs).map(([id, { n }]) => [id, { n }])),
});

/** Ids whose first attempt has failed. */
const seen = new Set<string>();
const mended = hatchet.task({
  name: 'mended',
  fn: async ({ id }: { id: string }) => {
    if (seen.has(id)) return { mended: true };
    seen.add(id);
    throw new Error('not yet');
  },
});

/** Returns the parts of the caller's context that reach a task. */
const context = hatchet.task({
  name: 'context',
  fn: async () => ({
    tracestate: trace.getActiveSpan()?.spanContext().traceState?.serialize() ?? '',
    baggage: propagation.getActiveBaggage()?.getEntry('customer')?.value ?? '',
  }),
});

/** Workflows by worker. */
export const WORKFLOWS = {
  'order-worker': [single, ticking, outer, pipeline, onEvent, sleeper, steps, endless, slow, gathered, mended, context],
  'parcel-worker': [inner],
};
