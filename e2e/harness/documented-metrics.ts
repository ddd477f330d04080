import {
  DATABASE_INSTRUMENTS,
  QUEUE_INSTRUMENTS,
  WORKER_INSTRUMENTS,
} from '../../apps/engine/src/metrics/instruments.ts';

const OF_THE_ENGINE = new Set(
  [WORKER_INSTRUMENTS, QUEUE_INSTRUMENTS, DATABASE_INSTRUMENTS].flatMap((table) =>
    Object.values(table).map(({ name }) => name),
  ),
);

/** As in packages/server-otel/docs/metrics.md: the conventions' names, and those of the runtime and of the SDK itself. */
const CONVENTIONS =
  /^(rpc\.server\.call\.duration|http\.server\.request\.duration|db\.client\.(operation\.duration|connection\.(count|max|pending_requests))|nodejs\.eventloop\.[\w.]+|v8js\.[\w.]+|otel\.sdk\.[\w.]+)$/;

export function isDocumented(name: string): boolean {
  return OF_THE_ENGINE.has(name) || CONVENTIONS.test(name);
}

/** What has a value whenever two services work: the others tell of queues, tables and collections that may not be there. */
export const ALWAYS = [
  'db.client.connection.count',
  'db.client.operation.duration',
  'hatchet.db.long_running_queries.count',
  'hatchet.workers.active_count',
  'hatchet.workers.active_sdks',
  'hatchet.workers.active_slots',
  'hatchet.workers.active_slots.by_key',
  'http.server.request.duration',
  'nodejs.eventloop.utilization',
  'otel.sdk.exporter.span.exported',
  'otel.sdk.processor.span.processed',
  'otel.sdk.processor.span.queue.size',
  'otel.sdk.span.started',
  'rpc.server.call.duration',
  'v8js.memory.heap.used',
];
