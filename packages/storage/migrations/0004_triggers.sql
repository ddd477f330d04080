-- Schedules and crons, which the API writes and the engine's clock fires; log lines, which the engine writes and the
-- API reads; and the indexes by which retention finds what is old.
--
-- Exactly once, over any restart: the transaction that creates the run also moves the row on, and only the row as it
-- was read. A schedule:
--   UPDATE schedule SET fired_at = now(), run_id = … WHERE id = … AND fired_at IS NULL AND trigger_at = <as read>
-- and a cron:
--   UPDATE cron SET last_fire_at = next_fire_at, next_fire_at = <the one after> WHERE id = … AND enabled AND next_fire_at = <as read>
-- No row updated: somebody has changed or deleted it meanwhile, and no run is created. What came due while no engine
-- ran is still in the row, so it is not skipped.

CREATE TABLE schedule (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  workflow_id uuid NOT NULL REFERENCES workflow (id) ON DELETE CASCADE,
  method text NOT NULL CHECK (method IN ('DEFAULT', 'API')),  -- DEFAULT: by a workflow's own code (gRPC)
  trigger_at timestamptz NOT NULL,
  input text NOT NULL,               -- JSON, as it was sent
  additional_metadata jsonb NOT NULL,
  priority smallint,                 -- null: the workflow's
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  fired_at timestamptz,
  run_id uuid,                       -- what it became
  error text                         -- why it could not become a run; fired_at is set then too
);
CREATE INDEX schedule_due ON schedule (trigger_at) WHERE fired_at IS NULL;
CREATE INDEX schedule_tenant ON schedule (tenant_id, trigger_at DESC);
CREATE INDEX schedule_workflow ON schedule (workflow_id);
CREATE INDEX schedule_fired ON schedule (fired_at) WHERE fired_at IS NOT NULL;

CREATE TABLE cron (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  workflow_id uuid NOT NULL REFERENCES workflow (id) ON DELETE CASCADE,
  method text NOT NULL CHECK (method IN ('DEFAULT', 'API')),  -- DEFAULT: declared by the workflow at its registration
  name text NOT NULL,                -- '' where it was declared
  expression text NOT NULL,          -- five fields, or six with seconds first; in UTC
  enabled boolean NOT NULL DEFAULT true,
  input text NOT NULL,               -- JSON, as it was sent
  additional_metadata jsonb NOT NULL,
  priority smallint,                 -- null: the workflow's
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  next_fire_at timestamptz,          -- null: never again (31 February, or a year that is over)
  last_fire_at timestamptz,          -- the moment that the last firing was for, not that of its run
  UNIQUE (workflow_id, method, name, expression)
);
CREATE INDEX cron_due ON cron (next_fire_at) WHERE enabled AND next_fire_at IS NOT NULL;
CREATE INDEX cron_tenant ON cron (tenant_id, created_at DESC);

-- Somebody has set a time: the clock looks again when to wake up. The clock's own writes do not tell it.
CREATE FUNCTION notify_trigger_clock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('trigger_clock', TG_TABLE_NAME);
  RETURN NULL;
END
$$;
CREATE TRIGGER schedule_set AFTER INSERT OR UPDATE OF trigger_at ON schedule
  FOR EACH STATEMENT EXECUTE FUNCTION notify_trigger_clock();
CREATE TRIGGER cron_set AFTER INSERT OR UPDATE OF enabled, expression ON cron
  FOR EACH STATEMENT EXECUTE FUNCTION notify_trigger_clock();

-- No foreign key: a line costs no look at its task, and is pruned by its own age.
CREATE TABLE log_line (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  tenant_id uuid NOT NULL,
  run_id uuid NOT NULL,
  task_id uuid NOT NULL,
  retry_count integer NOT NULL,
  level text NOT NULL CHECK (level IN ('DEBUG', 'INFO', 'WARN', 'ERROR')),
  message text NOT NULL,
  metadata jsonb NOT NULL,
  created_at timestamptz NOT NULL    -- as the worker said
);
CREATE INDEX log_line_task ON log_line (task_id, created_at, id);

-- What retention looks for. Runs and events need no index more: their ids, UUIDs of version 7, are in the order of time.
CREATE INDEX span_received ON span (received_at);
CREATE INDEX log_line_created ON log_line (created_at);
