/**
 * Spans of a service's own work: `hatchet.run/<name>`. The table is closed: add a row to use a new name. Where Hatchet
 * has a span for the same work, the name is Hatchet's.
 */
export const RUN_SPANS = {
  'trigger-workflow-run': 'one run is created, or one item of a bulk',
  'put-workflow': 'a workflow version is registered',
  'ingest-event': 'an event is stored and starts the runs that wait for it',
  'bulk-ingest-event': 'the same for several events in one call',
  queue: 'a scheduling pass that found something to assign; a trace of its own with links to the runs',
  'try-assign': 'slots are matched with queued tasks',
  'send-to-worker': 'one attempt is written to the stream of its worker',
  'cancel-task': 'a cancellation is written to the stream of the worker',
  'replay-task': 'a task is put back to its beginning',
  'handle-task-started': 'the report that an attempt began',
  'handle-task-completed': 'the report that an attempt succeeded',
  'handle-task-failed': 'the report that an attempt failed',
  'handle-task-cancelled': 'the report that an attempt was cancelled',
  'process-retry-queue-items': 'retries that are due are queued again',
  'process-task-timeout': 'tasks over their time limit are failed',
  'process-task-reassignments': 'tasks of workers that went away are queued again',
  'process-sleep': 'durable sleeps that are over are woken',
  'process-durable-matches': 'waits of durable tasks that events or ended runs satisfy',
  'process-durable-restores': 'evicted durable tasks that have got an answer are queued again',
  'handle-durable-wait': 'a durable task asks to wait for times and events',
  'handle-durable-memo': 'a durable task asks for a value that it may have left before, or leaves it',
  'handle-durable-children': 'a durable task spawns runs and waits for their results',
  'handle-durable-eviction': 'a worker lets go of a durable task that waits',
  'send-durable-answer': 'what a durable task waits for is written to the stream of its worker',
} as const;

/** Name of a `hatchet.run/` span, without the prefix. */
export type RunSpanName = keyof typeof RUN_SPANS;

/** Spans that the engine records when a run is over: `hatchet.engine.<name>`. Closed as well. */
export const ENGINE_SPANS = {
  workflow_run: 'created → final state',
  queued: 'one per attempt: it could run → it was sent to a worker',
  start_step_run: 'one per attempt: started → reported',
  event: 'an event that triggered a run',
} as const;

/** Name of a `hatchet.engine.` span, without the prefix. */
export type EngineSpanName = keyof typeof ENGINE_SPANS;

export const RUN_PREFIX = 'hatchet.run/';
export const ENGINE_PREFIX = 'hatchet.engine.';
