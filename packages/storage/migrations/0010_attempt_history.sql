-- Why a task ended, where its status does not say it.
ALTER TABLE task ADD COLUMN end_reason text CHECK (end_reason IN ('timed_out', 'not_scheduled', 'worker_lost'));

-- Attempts that are over and were not a task's last. The current or last attempt is the task's own row.
CREATE TABLE task_attempt (
  task_id uuid NOT NULL REFERENCES task (id) ON DELETE CASCADE,
  retry_count integer NOT NULL,
  status text NOT NULL CHECK (status IN ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')),
  end_reason text,                   -- as in the task
  replayed boolean NOT NULL,         -- the next attempt is a replay's
  worker_id uuid,
  queued_at timestamptz,
  assigned_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz NOT NULL,
  error text,
  PRIMARY KEY (task_id, retry_count)
);
