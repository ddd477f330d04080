/** Feature of Hatchet's REST contract that this server lacks. */
interface UnimplementedFeature {
  /** Plural or mass noun, as in "this server does not support webhooks". */
  feature: string;
  path: RegExp;
  /** Only requests with this method. */
  method?: string;
}

/** Part of a path below a tenant's, in both versions of the contract. */
const tenant = (rest: string) => new RegExp(`^/api/v1/(stable/)?tenants/[^/]+/${rest}`);

/** Named, because a 404 would send the caller looking for a typing error. The first that matches names the feature. */
export const UNIMPLEMENTED_FEATURES: readonly UnimplementedFeature[] = [
  { feature: 'webhooks', path: tenant('webhooks\\b') },
  { feature: 'webhook workers', path: tenant('webhook-workers\\b') },
  { feature: 'webhook workers', path: /^\/api\/v1\/webhook-workers\b/ },
  { feature: 'event filters', path: tenant('filters\\b') },
  { feature: 'debugging of CEL expressions', path: tenant('cel\\b') },
  { feature: 'HTTP operators', path: tenant('operators\\b') },
  { feature: 'HTTP operators', path: /^\/api\/v1\/stable\/operators\b/ },
  { feature: 'logs of a whole tenant', path: tenant('logs\\b') },
  { feature: 'metrics over time', path: tenant('(task-point-metrics|log-point-metrics)\\b') },
  { feature: 'the event log of a durable task', path: tenant('durable-tasks\\b') },
  { feature: 'lists of event keys', path: tenant('events/keys$') },
  { feature: 'lists of the names of runs', path: tenant('workflow-runs/display-names$') },
  { feature: 'pushing, replaying and canceling events over REST', path: tenant('events\\b') },
  {
    feature: 'lists of task events and timings; GET …/workflow-runs/{id} has the events',
    path: /^\/api\/v1\/stable\/(tasks|workflow-runs|dags)\/[^?]*\b(task-events|task-timings|tasks)$/,
  },
  {
    feature: 'triggering a cron before its time',
    path: tenant('workflows/crons/[^/]+(/trigger)?$'),
    method: 'POST',
  },
  { feature: 'pausing a workflow', path: /^\/api\/v1\/workflows\/[^/]+$/, method: 'PATCH' },
  { feature: 'metrics of a workflow', path: /^\/api\/v1\/workflows\/[^/]+\/metrics$/ },
  {
    feature: 'the routes of Hatchet v0',
    path: /^\/api\/v1\/(workflows\/[^/]+\/trigger|step-runs\/.*|events\/.*)$/,
  },
  {
    feature: 'the routes of Hatchet v0',
    path: tenant(
      '(step-runs|workflow-runs/[^/]+|workflows/(runs|cancel|[^/]+/worker-count)|step-run-queue-metrics)\\b',
    ),
  },
  { feature: 'rate limits', path: tenant('rate-limits\\b') },
  { feature: 'queue metrics and task statistics', path: tenant('(queue-metrics|task-stats|prometheus-metrics)\\b') },
  { feature: 'alerts, Slack and SNS', path: tenant('(alerting\\S*|slack|sns)\\b') },
  { feature: 'alerts, Slack and SNS', path: /^\/api\/v1\/(alerting-email-groups|slack|sns)\b/ },
  { feature: 'users, members and invites', path: tenant('(members|invites)\\b') },
  { feature: 'users, members and invites', path: /^\/api\/v1\/users\b/ },
  { feature: 'issuing API tokens over REST', path: tenant('api-tokens\\b') },
  { feature: 'issuing API tokens over REST', path: /^\/api\/v1\/api-tokens\b/ },
  { feature: 'creating tenants over REST', path: /^\/api\/v1\/tenants$/ },
  { feature: 'server metadata', path: /^\/api\/v1\/(meta|version|cloud|monitoring)\b/ },
  { feature: 'this operation of a tenant', path: /^\/api\/v1\/tenants\/[^/]+\/.+/ },
];

/** Finds the feature of Hatchet that a request is for and that this server lacks. */
export function unimplementedFeature(method: string, path: string): string | undefined {
  return UNIMPLEMENTED_FEATURES.find((known) => (known.method ?? method) === method && known.path.test(path))?.feature;
}
