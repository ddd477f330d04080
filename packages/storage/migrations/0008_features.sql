-- Wildcards in event keys, the workers that a task wants, idempotency keys, replays, and where firings come from.

-- A trigger whose key ends in * is for all events whose keys begin so.
ALTER TABLE event_trigger ADD COLUMN prefix text
  GENERATED ALWAYS AS (CASE WHEN event_key LIKE '%*' THEN left(event_key, -1) END) STORED;
CREATE INDEX event_trigger_prefix ON event_trigger (tenant_id) WHERE prefix IS NOT NULL;

ALTER TABLE run
  -- the context in which the schedule or cron was created, where its firing has a trace of its own
  ADD COLUMN link_traceparent text,
  ADD COLUMN replayed_at timestamptz;

ALTER TABLE task
  -- the labels that it wants of a worker, as canonical JSON; '' for none
  ADD COLUMN affinity text NOT NULL DEFAULT '',
  -- number of its first attempt since it was last replayed
  ADD COLUMN first_attempt integer NOT NULL DEFAULT 0;

-- Tasks that the same workers may take are a kind of their own: one that nobody can take holds up no other.
DROP INDEX task_queued;
CREATE INDEX task_queued ON task (tenant_id, action, affinity, priority DESC, seq) WHERE status = 'QUEUED' AND batch_key IS NULL;

-- Which run has an idempotency key. It has it until it expires, or, with until_end, until the run ends if that is sooner.
CREATE TABLE idempotency_key (
  workflow_id uuid NOT NULL REFERENCES workflow (id) ON DELETE CASCADE,
  key text NOT NULL,
  run_id uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  until_end boolean NOT NULL,
  PRIMARY KEY (workflow_id, key)
);
CREATE INDEX idempotency_key_expires ON idempotency_key (expires_at);

-- The task that has scheduled a run, and as which of its children.
ALTER TABLE schedule
  ADD COLUMN parent_task_id uuid,
  ADD COLUMN child_index integer,
  ADD COLUMN child_key text;
