import { createHash, randomUUID } from 'node:crypto';
import type { Database } from '../database/database.ts';
import type { Queryable } from '../database/transaction.ts';
import { declareCrons } from '../triggers/crons.ts';
import type { Workflow, WorkflowDefinition } from './definition.ts';

/** A definition whose steps have no ids yet. A new version assigns them. */
export type NewDefinition = Omit<WorkflowDefinition, 'steps'> & {
  steps: Omit<WorkflowDefinition['steps'][number], 'id'>[];
};

/**
 * Registers a workflow under its exact name. Registering an earlier definition makes that version current again. A workflow
 * whose name an earlier version of this program stored in lower case gets the exact name.
 */
export async function putWorkflow(
  db: Database,
  tenantId: string,
  name: string,
  definition: NewDefinition,
): Promise<Workflow> {
  const digest = createHash('sha256').update(JSON.stringify(definition)).digest('hex');
  const withIds: WorkflowDefinition = {
    ...definition,
    steps: definition.steps.map((step) => ({ id: randomUUID(), ...step })),
  };
  return db.transaction(async (transaction) => {
    const id = await upsertWorkflow(transaction, tenantId, name);
    const version = await upsertVersion(transaction, id, digest, withIds);
    await transaction.query('UPDATE workflow SET version_id = $2 WHERE id = $1', [id, version.id]);
    await transaction.query(
      `WITH gone AS (DELETE FROM event_trigger WHERE workflow_id = $2 AND event_key <> ALL ($3::text[]))
       INSERT INTO event_trigger (tenant_id, event_key, workflow_id) SELECT $1, key, $2 FROM unnest($3::text[]) AS key
       ON CONFLICT DO NOTHING`,
      [tenantId, id, definition.eventKeys],
    );
    await declareCrons(transaction, { tenantId, workflowId: id }, definition.crons);
    return { id, versionId: version.id, tenantId, name, definition: version.definition };
  });
}

async function upsertWorkflow(transaction: Queryable, tenantId: string, name: string): Promise<string> {
  await transaction.query(
    `UPDATE workflow SET name = $2, name_lowered = false WHERE tenant_id = $1 AND name = lower($2) AND name_lowered
       AND (name = $2 OR NOT EXISTS (SELECT FROM workflow w WHERE w.tenant_id = $1 AND w.name = $2))`,
    [tenantId, name],
  );
  const { rows } = await transaction.query<{ id: string }>(
    `INSERT INTO workflow (id, tenant_id, name, version_id, created_at, updated_at)
     VALUES ($1, $2, $3, $1, now(), now())
     ON CONFLICT (tenant_id, name) DO UPDATE SET updated_at = now() RETURNING id`,
    [randomUUID(), tenantId, name],
  );
  return rows[0]!.id;
}

async function upsertVersion(
  transaction: Queryable,
  workflowId: string,
  digest: string,
  definition: WorkflowDefinition,
): Promise<{ id: string; definition: WorkflowDefinition }> {
  await transaction.query(
    `INSERT INTO workflow_version (id, workflow_id, digest, definition, created_at) VALUES ($1, $2, $3, $4, now())
     ON CONFLICT (workflow_id, digest) DO NOTHING`,
    [randomUUID(), workflowId, digest, definition],
  );
  const { rows } = await transaction.query<{ id: string; definition: WorkflowDefinition }>(
    'SELECT id, definition FROM workflow_version WHERE workflow_id = $1 AND digest = $2',
    [workflowId, digest],
  );
  return rows[0]!;
}

/** Finds a tenant's workflows by name, in their current versions. */
export async function findWorkflows(db: Queryable, tenantId: string, names: readonly string[]): Promise<Workflow[]> {
  const { rows } = await db.query<Workflow>(BY_NAME, [tenantId, names]);
  return rows;
}

const BY_NAME = {
  name: 'find-workflows',
  text: `SELECT w.id, w.version_id AS "versionId", w.tenant_id AS "tenantId", w.name, v.definition
    FROM workflow w JOIN workflow_version v ON v.id = w.version_id
    WHERE w.tenant_id = $1 AND w.name = ANY ($2::text[])`,
};

/** Finds the workflows that events with these keys trigger, each once per key, in the order of their names. */
export async function workflowsOfEvents(
  db: Queryable,
  tenantId: string,
  keys: readonly string[],
): Promise<{ key: string; name: string }[]> {
  const { rows } = await db.query<{ key: string; name: string }>(OF_EVENTS, [tenantId, keys]);
  return rows;
}

const OF_EVENTS = {
  name: 'workflows-of-events',
  text: `
SELECT named.key, w.name FROM (
  SELECT event_key AS key, workflow_id FROM event_trigger WHERE tenant_id = $1 AND event_key = ANY ($2::text[])
  UNION
  SELECT key, workflow_id FROM event_trigger JOIN unnest($2::text[]) AS key ON starts_with(key, prefix)
  WHERE tenant_id = $1 AND prefix IS NOT NULL
) named JOIN workflow w ON w.id = named.workflow_id ORDER BY w.name`,
};

/** Reads the definitions of workflow versions, by version id. */
export async function definitionsOfVersions(
  db: Queryable,
  versionIds: readonly string[],
): Promise<Map<string, WorkflowDefinition>> {
  const { rows } = await db.query<{ id: string; definition: WorkflowDefinition }>(
    { name: 'workflow-definitions', text: 'SELECT id, definition FROM workflow_version WHERE id = ANY ($1::uuid[])' },
    [versionIds],
  );
  return new Map(rows.map(({ id, definition }) => [id, definition]));
}
