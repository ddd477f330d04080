/**
 * Errors in Hatchet's own words: its SDKs show them, and applications and Hatchet's suites compare them. They must not
 * be rewritten. Each names the place in hatchet-dev/hatchet (89d130f) that has the text.
 */
export const HATCHET_TEXTS = {
  /** `pkg/repository/trigger.go`, `ErrNamesNotFound` */
  workflowNamesNotFound: (name: string) => `workflow names not found: ${name}`,
  /** `api/v1/server/handlers/workflows/create_scheduled.go`, `create_cron.go`, `get_version.go` */
  workflowNotFound: 'workflow not found',
  /** `api/v1/server/handlers/workflows/get_version.go` */
  versionNotFound: 'version not found',
  /** `internal/services/admin/v1/server.go` */
  runNotFound: 'workflow run not found',
  /** `api/v1/server/run/run.go`, `api/v1/server/handlers/v1/tasks/get.go` */
  taskNotFound: 'task not found',
  /** `api/v1/server/handlers/events/get_data.go` */
  eventNotFound: 'event not found',
  /** `internal/services/dispatcher/dispatcher.go` */
  workerNotFound: 'worker not found',
  /** `api/v1/server/run/run.go` */
  cronNotFound: 'cron workflow not found',
  /** `api/v1/server/handlers/v1/observability/traces.go` */
  traceNotFound: 'trace not found',
} as const;
