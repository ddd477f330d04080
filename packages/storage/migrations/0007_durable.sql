-- Durable tasks: their event logs and what they wait for; tasks that run in batches; slots given back early.

ALTER TABLE task
  -- of a durable task: how often it was given to a worker; null for others
  ADD COLUMN invocation_count integer,
  -- the last node that the current invocation has asked for: it asks for 1, 2, 3, … in every invocation
  ADD COLUMN durable_cursor integer NOT NULL DEFAULT 0,
  -- how many nodes of its log are satisfied
  ADD COLUMN durable_satisfied integer NOT NULL DEFAULT 0,
  -- of an evicted task: how many of these its last invocation has got
  ADD COLUMN durable_seen integer NOT NULL DEFAULT 0,
  -- its worker has given the slots of this attempt back
  ADD COLUMN slots_released boolean NOT NULL DEFAULT false,
  -- of a batch task: those with the same key may run together; null for others
  ADD COLUMN batch_key text,
  -- the batch that the current attempt belongs to
  ADD COLUMN batch_id uuid;

-- EVICTED: it waits, and its worker has let go of it; queued again when something that it waits for has come
ALTER TABLE task DROP CONSTRAINT task_status_check;
ALTER TABLE task ADD CONSTRAINT task_status_check CHECK (status IN
  ('WAITING', 'QUEUED', 'BACKOFF', 'RUNNING', 'EVICTED', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'));

DROP INDEX task_queued;
CREATE INDEX task_queued ON task (tenant_id, action, priority DESC, seq) WHERE status = 'QUEUED' AND batch_key IS NULL;
CREATE INDEX task_batch ON task (tenant_id, action, priority DESC, seq) WHERE status = 'QUEUED' AND batch_key IS NOT NULL;
CREATE INDEX task_evicted ON task (id) WHERE status = 'EVICTED' AND durable_satisfied > durable_seen;

-- What a durable task has asked for, node by node. It outlives invocations and attempts: who runs the task again asks for
-- the same things in the same order and gets the same answers, in the order in which they first came.
CREATE TABLE durable_entry (
  task_id uuid NOT NULL REFERENCES task (id) ON DELETE CASCADE,
  node_id integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('WAIT', 'MEMO', 'RUN')),
  digest text NOT NULL,              -- of what was asked: the same node must ask for the same thing again
  label text NOT NULL,               -- the same for people
  child_run_id uuid,                 -- of a RUN
  created_at timestamptz NOT NULL,
  satisfied_order integer,           -- from 1 within the task; null: not yet
  satisfied_at timestamptz,
  payload text,                      -- JSON
  error text,                        -- why a child failed; payload is null then
  PRIMARY KEY (task_id, node_id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX durable_entry_order ON durable_entry (task_id, satisfied_order) WHERE satisfied_order IS NOT NULL;
CREATE INDEX durable_entry_child ON durable_entry (child_run_id)
  WHERE child_run_id IS NOT NULL AND satisfied_order IS NULL;

-- The conditions of the waits that are not satisfied yet. Those of one group: any of them; of several: one of each.
CREATE TABLE durable_condition (
  task_id uuid NOT NULL,
  node_id integer NOT NULL,
  position integer NOT NULL,
  or_group text NOT NULL,
  data_key text NOT NULL,            -- under which its data is in the payload
  sleep_until timestamptz,
  sleep_for text,                    -- as it was written
  tenant_id uuid NOT NULL,
  event_key text,
  event_scope text,                  -- null: any
  events_since timestamptz,          -- events from then on count
  data text,                         -- JSON: it is satisfied
  PRIMARY KEY (task_id, node_id, position),
  FOREIGN KEY (task_id, node_id) REFERENCES durable_entry ON DELETE CASCADE
);
CREATE INDEX durable_sleep ON durable_condition (sleep_until) WHERE data IS NULL AND sleep_until IS NOT NULL;
CREATE INDEX durable_event ON durable_condition (tenant_id, event_key) WHERE data IS NULL AND event_key IS NOT NULL;

-- For looking back at events.
CREATE INDEX event_key ON event (tenant_id, key, created_at);
