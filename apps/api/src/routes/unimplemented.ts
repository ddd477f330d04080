/** Parts of Hatchet's REST contract that are not there: a caller who finds 404 would look for a typing error. */
const UNIMPLEMENTED = [
  /^\/api\/v1\/stable\/tenants\/[^/]+\/(tasks\/replay|durable-tasks|webhooks|filters|cel|task-metrics|logs)\b/,
  /^\/api\/v1\/stable\/tasks\/[^/]+\/(restore|logs|task-events)$/,
  /^\/api\/v1\/stable\/(workflow-runs|dags)\/[^/]*\b(task-events|task-timings|display-names|tasks)$/,
  /^\/api\/v1\/tenants\/[^/]+\/(workflows\/.*(crons?|scheduled?)\b|workflow-runs|rate-limits|queue-metrics|step-run-queue-metrics)/,
  /^\/api\/v1\/(workflows|users|meta|cloud|slack|sns|monitoring|api-tokens)\b/,
];

/** Whether Hatchet answers below this path and this server does not. */
export function isUnimplemented(path: string): boolean {
  return UNIMPLEMENTED.some((pattern) => pattern.test(path));
}
