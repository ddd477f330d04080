/** Supported feature, and the tests that prove it with the official SDK: paths below `apps/engine/src`. */
export interface Feature {
  feature: string;
  how: string;
  tests: string[];
}

export const FEATURES: readonly Feature[] = [
  {
    feature: 'tasks and runs',
    how: 'one by one and in bulk, with input, metadata and results',
    tests: ['tasks.test.ts'],
  },
  {
    feature: 'DAGs',
    how: 'parents and their outputs, `onFailure` with the errors, `onSuccess`',
    tests: ['runs.test.ts', 'runs/state.test.ts'],
  },
  {
    feature: 'children',
    how: 'by index or key, once per parent task; metadata is inherited',
    tests: ['runs.test.ts'],
  },
  {
    feature: 'retries and timeouts',
    how: 'back-off, `NonRetryableError`, execution and schedule timeouts, `refreshTimeout`, `releaseSlot`',
    tests: ['tasks.test.ts', 'runs/state.test.ts'],
  },
  { feature: 'cancellation', how: 'by id of a run or task, and by a filter', tests: ['runs.test.ts'] },
  {
    feature: 'replay',
    how: 'by id and by a filter; successful children are kept, failed ones start again; a durable task keeps its log',
    tests: ['replay.test.ts'],
  },
  {
    feature: 'events',
    how: 'single and bulk, `scope`, `priority`, keys that end in `*`',
    tests: ['events.test.ts'],
  },
  {
    feature: 'schedules and crons',
    how: 'over REST, over gRPC (`workflow.schedule()` of Python) and declared by a workflow (`onCrons`), in UTC',
    tests: ['triggers/trigger-clock.test.ts', 'triggers/cron-moments.test.ts'],
  },
  {
    feature: 'durable tasks',
    how: '`sleepFor`, `waitFor`, `waitForEvent` with look-back, groups (`Or`), `memo`, `now`, `spawnChild`, eviction',
    tests: ['durable/durable.test.ts', 'durable/eviction.test.ts', 'durable/restart.test.ts'],
  },
  {
    feature: 'batch tasks',
    how: 'by size, by interval, by a text in the input as group key (`input.<name>`)',
    tests: ['scheduling/batch.test.ts'],
  },
  { feature: 'priorities', how: '1 to 3, of the workflow, the run or the event', tests: ['labels.test.ts'] },
  {
    feature: 'desired worker labels',
    how: 'of a task or a run: required ones, weights, all comparators; `upsertLabels`',
    tests: ['labels.test.ts'],
  },
  {
    feature: 'idempotency',
    how: 'by time and by status, per tenant; the expression names a value: `input.<name>` or `additional_metadata["<name>"]`',
    tests: ['idempotency.test.ts'],
  },
  { feature: 'logs', how: '`ctx.logger`, read over REST', tests: ['logs.test.ts'] },
  {
    feature: 'streams',
    how: '`ctx.putStream`, `runs.subscribeToStream`; nothing is stored, a late subscriber receives only later chunks',
    tests: ['streams.test.ts'],
  },
  {
    feature: 'workers',
    how: 'slots by kind, pausing, reassignment 30 s after the last heartbeat, reconnection under the same id',
    tests: ['workers.test.ts', 'faults.test.ts'],
  },
  {
    feature: 'tenants and namespaces',
    how: 'signed tokens that expire',
    tests: ['isolation.test.ts', 'tenants.test.ts'],
  },
];
