-- Exact workflow names, idempotency keys of a tenant, batch keys that must be text, and durable logs that outlive a replay.

-- Names were stored in lower case. A registration under the exact name takes over such a workflow, once.
ALTER TABLE workflow ADD COLUMN name_lowered boolean NOT NULL DEFAULT false;
UPDATE workflow SET name_lowered = true;

-- A key belongs to the tenant, not to a workflow; of equal ones the last to expire stays.
CREATE TABLE tenant_idempotency_key (
  tenant_id uuid NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  key text NOT NULL,
  run_id uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  until_end boolean NOT NULL,
  PRIMARY KEY (tenant_id, key)
);
INSERT INTO tenant_idempotency_key
  SELECT DISTINCT ON (w.tenant_id, k.key) w.tenant_id, k.key, k.run_id, k.expires_at, k.until_end
  FROM idempotency_key k JOIN workflow w ON w.id = k.workflow_id
  ORDER BY w.tenant_id, k.key, k.expires_at DESC;
DROP TABLE idempotency_key;
ALTER TABLE tenant_idempotency_key RENAME TO idempotency_key;
CREATE INDEX idempotency_key_expires ON idempotency_key (expires_at);

-- A batch task without a usable key fails when it could run.
ALTER TABLE task ADD COLUMN batch_key_error text;

-- The conditions of a task's unanswered waits were deleted with its end: such a log cannot go on, a replay starts over.
WITH stuck AS (
  SELECT DISTINCT t.id FROM task t JOIN durable_entry e ON e.task_id = t.id
  WHERE t.finished_at IS NOT NULL AND e.kind = 'WAIT' AND e.satisfied_order IS NULL
    AND NOT EXISTS (SELECT FROM durable_condition c WHERE c.task_id = e.task_id AND c.node_id = e.node_id)
), gone AS (
  DELETE FROM durable_entry WHERE task_id IN (SELECT id FROM stuck)
)
UPDATE task SET durable_cursor = 0, durable_satisfied = 0, durable_seen = 0 WHERE id IN (SELECT id FROM stuck);
