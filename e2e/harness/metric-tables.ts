import {
  DATABASE_INSTRUMENTS,
  QUEUE_INSTRUMENTS,
  WORKER_INSTRUMENTS,
} from '../../apps/engine/src/metrics/instruments.ts';

const ENGINE_METRICS = new Set(
  [WORKER_INSTRUMENTS, QUEUE_INSTRUMENTS, DATABASE_INSTRUMENTS].flatMap((table) =>
    Object.values(table).map(({ name }) => name),
  ),
);

/** Metrics of packages/server-otel/docs/metrics.md: semantic conventions, the Node.js runtime, and the SDK itself. */
const CONVENTIONS =
  /^(rpc\.server\.call\.duration|http\.server\.request\.duration|db\.client\.(operation\.duration|connection\.(count|max|pending_requests))|nodejs\.eventloop\.[\w.]+|v8js\.[\w.]+|otel\.sdk\.[\w.]+)$/;

export function isDocumentedMetric(name: string): boolean {
  return ENGINE_METRICS.has(name) || CONVENTIONS.test(name);
}

/** Metrics that always have a value while two services work. The others describe queues, tables and collections that may be absent. */
export const ALWAYS_EXPORTED = [
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
