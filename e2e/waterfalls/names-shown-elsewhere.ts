const OPT_IN = 'only with `capture`: packages/sdk-otel/src/tables/tables.test.ts';
const REFUSED = 'this engine refuses the option: packages/sdk-otel/src/tables/tables.test.ts';
const HELPER = 'set by other services through the helper: packages/server-otel/src/spans/run-span.test.ts';

/** Names in the tables that no scenario here exports, and the tests that show them. */
export const NAMES_SHOWN_ELSEWHERE: { spans: Record<string, string>; attributes: Record<string, string> } = {
  spans: {
    'hatchet.run/process-task-reassignments': 'a lost worker: apps/engine/src/workers.test.ts, e2e/faults',
  },
  attributes: {
    'hatchet.additional_metadata': OPT_IN,
    'hatchet.payload': OPT_IN,
    'hatchet.batch_key': 'a batch by a value of its input: packages/sdk-otel/src/tables/tables.test.ts',
    'hatchet.namespace': 'a client with a namespace: packages/sdk-otel/src/tables/tables.test.ts',
    'hatchet.num_item_spans': 'a bulk of more than 100 items: packages/sdk-otel/src/tables/tables.test.ts',
    'hatchet.desired_worker_id': REFUSED,
    'hatchet.sticky': REFUSED,
    'hatchet.run/event.id': HELPER,
    'hatchet.run/payload.size_bytes': HELPER,
    'hatchet.run/queue.name': HELPER,
    'hatchet.run/result.failed': HELPER,
    'hatchet.run/result.succeeded': HELPER,
    'hatchet.run/step.id': HELPER,
    'hatchet.run/workflow_version.id': HELPER,
  },
};
