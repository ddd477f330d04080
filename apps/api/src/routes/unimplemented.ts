/** Parts of Hatchet's REST contract that are not there: a caller who finds 404 would look for a typing error. */
const UNIMPLEMENTED = [
  /^\/api\/v1\/stable\/tenants\/[^/]+\/(durable-tasks|webhooks|filters|cel|task-point-metrics|log-point-metrics|logs)\b/,
  /^\/api\/v1\/stable\/tenants\/[^/]+\/(events\/keys|workflow-runs\/display-names)$/,
  /^\/api\/v1\/stable\/tasks\/[^/]+\/task-events$/,
  /^\/api\/v1\/stable\/(workflow-runs|dags)\/[^/]*\b(task-events|task-timings|tasks)$/,
  /^\/api\/v1\/tenants\/[^/]+\/.+/,
  /^\/api\/v1\/workflows\/[^/]+(\/(trigger|metrics))?$/,
  /^\/api\/v1\/(users|meta|version|cloud|slack|sns|monitoring|api-tokens|step-runs|webhook-workers)\b/,
];

/** Whether Hatchet answers below this path and this server does not. */
export function isUnimplemented(path: string): boolean {
  return UNIMPLEMENTED.some((pattern) => pattern.test(path));
}
