import type { Queryable } from '../database/transaction.ts';

/** A tenant. */
export interface TenantView {
  id: string;
  name: string;
  slug: string;
  createdAt: Date;
  updatedAt: Date;
}

export async function findTenant(db: Queryable, tenantId: string): Promise<TenantView | undefined> {
  const { rows } = await db.query<TenantView>(
    'SELECT id, name, slug, created_at AS "createdAt", updated_at AS "updatedAt" FROM tenant WHERE id = $1',
    [tenantId],
  );
  return rows[0];
}
