-- Workflows, workers, events, runs and their tasks. Ids that the engine makes are UUIDs of version 7.

CREATE TABLE workflow (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  name text NOT NULL,                -- lower case, namespace included
  version_id uuid NOT NULL,          -- the version that new runs take
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (tenant_id, name)
);

-- A version never changes: a run keeps the version that it was created with.
CREATE TABLE workflow_version (
  id uuid PRIMARY KEY,
  workflow_id uuid NOT NULL REFERENCES workflow (id) ON DELETE CASCADE,
  digest text NOT NULL,              -- of the definition: the same one registered again is the same version
  definition jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (workflow_id, digest)
);

-- Which workflows an event starts: those whose current version names its key.
CREATE TABLE event_trigger (
  tenant_id uuid NOT NULL,
  event_key text NOT NULL,
  workflow_id uuid NOT NULL REFERENCES workflow (id) ON DELETE CASCADE,
  PRIMARY KEY (tenant_id, event_key, workflow_id)
);
CREATE INDEX event_trigger_workflow ON event_trigger (workflow_id);

-- A worker comes back under its id after a restart of the engine: it never registers twice.
CREATE TABLE worker (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  name text NOT NULL,
  actions text[] NOT NULL,
  slots jsonb NOT NULL,              -- kind → number, e.g. {"default": 100}
  labels jsonb NOT NULL,
  runtime jsonb NOT NULL,
  paused boolean NOT NULL DEFAULT false,
  registered_at timestamptz NOT NULL,
  last_heartbeat_at timestamptz NOT NULL,
  unsubscribed_at timestamptz        -- it has said that it takes no more work
);
CREATE INDEX worker_tenant ON worker (tenant_id, registered_at DESC);

-- The API pauses a worker by updating its row; the engine listens.
CREATE FUNCTION notify_worker_paused() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('worker_paused', NEW.id::text);
  RETURN NULL;
END
$$;
CREATE TRIGGER worker_paused AFTER UPDATE OF paused ON worker
  FOR EACH ROW WHEN (OLD.paused IS DISTINCT FROM NEW.paused) EXECUTE FUNCTION notify_worker_paused();

CREATE TABLE event (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  key text NOT NULL,
  payload text NOT NULL,             -- JSON, as it was sent
  additional_metadata jsonb NOT NULL,
  scope text,
  created_at timestamptz NOT NULL
);
CREATE INDEX event_tenant ON event (tenant_id, created_at DESC);

CREATE TABLE run (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  workflow_id uuid NOT NULL,
  workflow_version_id uuid NOT NULL,
  workflow_name text NOT NULL,
  -- QUEUED until a task was first given to a worker
  status text NOT NULL CHECK (status IN ('QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED')),
  priority smallint NOT NULL,
  input text NOT NULL,               -- JSON, as it was sent
  additional_metadata jsonb NOT NULL,
  parent_run_id uuid,
  parent_task_id uuid,
  child_index integer,
  child_key text,
  dedupe text,                       -- of a child: 'key:…' or 'index:…', once per parent task
  event_id uuid,
  event_key text,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  -- the run's context: what its spans have as their parent
  trace_id text,                     -- 32 hexadecimal digits
  traceparent text,
  tracestate text,
  root_span_id text                  -- the span id of its workflow_run span, where the engine began the trace
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX run_child ON run (parent_task_id, dedupe) WHERE dedupe IS NOT NULL;
CREATE INDEX run_tenant ON run (tenant_id, created_at DESC);
CREATE INDEX run_trace ON run (tenant_id, trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX run_event ON run (event_id) WHERE event_id IS NOT NULL;

-- A run of a single task has one row here, under the run's own id. The row describes the current attempt.
CREATE TABLE task (
  id uuid PRIMARY KEY,
  run_id uuid NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  tenant_id uuid NOT NULL,
  step smallint NOT NULL,            -- position among the steps of the version's definition
  name text NOT NULL,                -- the step's readable id
  action text NOT NULL,
  -- WAITING for its parents, QUEUED for a worker, BACKOFF until its retry is due, RUNNING from the moment of assignment
  status text NOT NULL
    CHECK (status IN ('WAITING', 'QUEUED', 'BACKOFF', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')),
  priority smallint NOT NULL,
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,  -- first come, first served
  timeout_ms integer NOT NULL,
  retry_count integer NOT NULL DEFAULT 0,     -- number of the attempt, from 0
  retries_used integer NOT NULL DEFAULT 0,    -- attempts that failed by themselves: these count against its retries
  worker_id uuid,
  created_at timestamptz NOT NULL,
  queued_at timestamptz,             -- the moment that this attempt could run
  assigned_at timestamptz,
  started_at timestamptz,            -- as the worker reported it
  finished_at timestamptz,
  due_at timestamptz,                -- the task's timer; what it means follows from the status
  output text,                       -- JSON, as it was sent
  error text                         -- of the last attempt that failed; opaque
) WITH (fillfactor = 70);
CREATE INDEX task_run ON task (run_id);
CREATE INDEX task_queued ON task (tenant_id, action, priority DESC, seq) WHERE status = 'QUEUED';
CREATE INDEX task_running ON task (worker_id) WHERE status = 'RUNNING';
CREATE INDEX task_due ON task (due_at) WHERE due_at IS NOT NULL;
