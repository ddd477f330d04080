import type { Queryable } from '../database/transaction.ts';
import { type EpochMs, timestamp } from '../sql/epoch-ms.ts';

/** Claim of a run to be the only one with its key. */
export interface IdempotencyClaim {
  key: string;
  expiresAt: EpochMs;
  /** The run releases the key when it ends, if that is sooner. */
  untilEnd: boolean;
}

/** A run that claims a key of its tenant. */
export interface Claimant {
  id: string;
  tenantId: string;
  idempotency: IdempotencyClaim;
}

/**
 * Claims keys for runs that are about to be created. If several runs claim the same key, the first one gets it.
 *
 * @returns the id of the run that holds the key, by the id of each run that must not be created.
 */
export async function claimKeys(
  transaction: Queryable,
  claimants: readonly Claimant[],
  at: EpochMs,
): Promise<Map<string, string>> {
  const firsts = new Map<string, Claimant>();
  for (const claimant of claimants) if (!firsts.has(keyOf(claimant))) firsts.set(keyOf(claimant), claimant);
  // a fixed order, so that two calls cannot deadlock
  const ordered = [...firsts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, claimant]) => claimant);
  const keys = [ordered.map(({ tenantId }) => tenantId), ordered.map(({ idempotency }) => idempotency.key)];
  await transaction.query(CLAIM, [
    ...keys,
    ordered.map(({ id }) => id),
    ordered.map(({ idempotency }) => idempotency.expiresAt),
    ordered.map(({ idempotency }) => idempotency.untilEnd),
    at,
  ]);
  const { rows } = await transaction.query<{ tenantId: string; key: string; runId: string }>(HOLDERS, keys);
  const holders = new Map(rows.map(({ tenantId, key, runId }) => [`${tenantId} ${key}`, runId]));
  const refused = claimants.flatMap((claimant) => {
    const holder = holders.get(keyOf(claimant));
    return holder === undefined || holder === claimant.id ? [] : [[claimant.id, holder] as const];
  });
  return new Map(refused);
}

const CLAIM = {
  name: 'claim-idempotency-keys',
  text: `
INSERT INTO idempotency_key AS k (tenant_id, key, run_id, expires_at, until_end)
SELECT tenant_id, key, run_id, ${timestamp('expires_at')}, until_end
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::float8[], $5::boolean[])
  AS x (tenant_id, key, run_id, expires_at, until_end)
ON CONFLICT (tenant_id, key) DO UPDATE
SET run_id = excluded.run_id, expires_at = excluded.expires_at, until_end = excluded.until_end
WHERE k.expires_at <= ${timestamp('$6')}
  OR (k.until_end AND NOT EXISTS (SELECT FROM run r WHERE r.id = k.run_id AND r.finished_at IS NULL))`,
};

// A separate statement, because a statement does not see its own writes.
const HOLDERS = {
  name: 'idempotency-holders',
  text: `SELECT k.tenant_id AS "tenantId", k.key, k.run_id AS "runId"
    FROM unnest($1::uuid[], $2::text[]) AS x (tenant_id, key)
    JOIN idempotency_key k ON k.tenant_id = x.tenant_id AND k.key = x.key`,
};

/** Deletes expired keys. */
export async function pruneKeys(db: Queryable, at: EpochMs): Promise<void> {
  await db.query(`DELETE FROM idempotency_key WHERE expires_at <= ${timestamp('$1')}`, [at]);
}

function keyOf({ tenantId, idempotency }: Claimant): string {
  return `${tenantId} ${idempotency.key}`;
}
