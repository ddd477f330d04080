import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, epochMs, timestamp } from '../sql/epoch-ms.ts';

/** A schedule that is due. */
export interface DueSchedule extends DueTrigger {
  parentTaskId: string | null;
  childIndex: number | null;
  childKey: string | null;
}

/** A cron that is due. */
export interface DueCron extends DueTrigger {
  name: string;
  expression: string;
  /** The firing that is due. */
  nextFireAt: EpochMs;
}

interface DueTrigger {
  id: string;
  tenantId: string;
  workflowName: string;
  /** JSON text. */
  input: string;
  additionalMetadata: Record<string, unknown>;
  priority: number | null;
}

const COLUMNS = `d.id, d.tenant_id AS "tenantId", w.name AS "workflowName", d.input,
  d.additional_metadata AS "additionalMetadata", d.priority`;

/** Selection of due schedules or crons: at most `limit`, none of `without`; with `only` no others. */
export interface DueSelection {
  limit: number;
  without: readonly string[];
  only?: string;
}

/**
 * Reads the schedules that are due at `at`, the longest overdue first, and locks them against updates and deletion. Skips
 * schedules that are already locked.
 */
export async function lockDueSchedules(
  transaction: Queryable,
  at: EpochMs,
  { limit, without, only }: DueSelection,
): Promise<DueSchedule[]> {
  const { rows } = await transaction.query<DueSchedule>(
    `SELECT ${COLUMNS}, d.parent_task_id AS "parentTaskId", d.child_index AS "childIndex", d.child_key AS "childKey"
     FROM schedule d JOIN workflow w ON w.id = d.workflow_id
     WHERE d.fired_at IS NULL AND d.trigger_at <= ${timestamp('$1')} AND d.id <> ALL ($3::uuid[])
       AND ($4::uuid IS NULL OR d.id = $4)
     ORDER BY d.trigger_at, d.id LIMIT $2 FOR UPDATE OF d SKIP LOCKED`,
    [at, limit, without, only],
  );
  return rows;
}

/** Result of a firing: the run, or the error that prevented it. */
export interface FiredSchedule {
  id: string;
  runId?: string;
  error?: string;
}

/** Stores that locked schedules have fired. */
export async function saveFirings(transaction: Queryable, fired: readonly FiredSchedule[], at: EpochMs): Promise<void> {
  await transaction.query(
    `UPDATE schedule s SET fired_at = ${timestamp('$4')}, run_id = x.run_id, error = x.error
     FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS x (id, run_id, error)
     WHERE s.id = x.id AND s.id = ANY ($1::uuid[])`,
    [fired.map(({ id }) => id), fired.map(({ runId }) => runId), fired.map(({ error }) => error), at],
  );
}

/** Reads and locks the crons that are due at `at`, like {@link lockDueSchedules}. */
export async function lockDueCrons(
  transaction: Queryable,
  at: EpochMs,
  { limit, without, only }: DueSelection,
): Promise<DueCron[]> {
  const { rows } = await transaction.query<DueCron>(
    `SELECT ${COLUMNS}, d.name, d.expression, ${epochMs('d.next_fire_at')} AS "nextFireAt"
     FROM cron d JOIN workflow w ON w.id = d.workflow_id
     WHERE d.enabled AND d.next_fire_at <= ${timestamp('$1')} AND d.id <> ALL ($3::uuid[])
       AND ($4::uuid IS NULL OR d.id = $4)
     ORDER BY d.next_fire_at, d.id LIMIT $2 FOR UPDATE OF d SKIP LOCKED`,
    [at, limit, without, only],
  );
  return rows;
}

/** Stores the last and the next firing of locked crons. */
export async function advanceCrons(
  transaction: Queryable,
  moved: readonly { id: string; lastFireAt: EpochMs; nextFireAt: EpochMs | null }[],
): Promise<void> {
  await transaction.query(
    `UPDATE cron c SET last_fire_at = ${timestamp('x.last_fire_at')}, next_fire_at = ${timestamp('x.next_fire_at')}
     FROM unnest($1::uuid[], $2::float8[], $3::float8[]) AS x (id, last_fire_at, next_fire_at)
     WHERE c.id = x.id AND c.id = ANY ($1::uuid[])`,
    [moved.map(({ id }) => id), moved.map(({ lastFireAt }) => lastFireAt), moved.map(({ nextFireAt }) => nextFireAt)],
  );
}

/** Reads the time of the next schedule or cron other than `without`. Null if there is none. */
export async function nextFiringAt(db: Queryable, without: readonly string[]): Promise<EpochMs | null> {
  const { rows } = await db.query<{ at: EpochMs | null }>(
    `SELECT least(
       (SELECT ${epochMs('min(trigger_at)')} FROM schedule WHERE fired_at IS NULL AND id <> ALL ($1::uuid[])),
       (SELECT ${epochMs('min(next_fire_at)')} FROM cron
         WHERE enabled AND next_fire_at IS NOT NULL AND id <> ALL ($1::uuid[]))
     ) AS at`,
    [without],
  );
  return rows[0]?.at ?? null;
}
