import type { Database } from '@hatchet-ts/storage';
import { describe, expect } from 'vitest';
import { it as base, error, type Installation, OTHER_TENANT, TENANT, UNKNOWN_ID } from './testing/installation.ts';

/** A body that every command accepts. A missing field would be refused before the id is checked. */
const BODY = {
  isPaused: true,
  enabled: false,
  triggerAt: '2036-01-01T00:00:00Z',
  cronName: 'x',
  cronExpression: '@daily',
  workflowName: 'double',
  nodeId: 1,
};

/** Ids of the tenant's resources, by the name of the path parameter. */
const it = base.extend('owned', { scope: 'file' }, async ({ installation: { hatchet, db } }) => {
  const run = await hatchet.runNoWait('double', { n: 1 }, {});
  await run.output;
  const runId = await run.getWorkflowRunId();
  const { eventId } = await hatchet.events.push('some:event', {});
  const schedule = await hatchet.schedules.create('double', { triggerAt: new Date('2036-01-01') });
  const cron = await hatchet.crons.create('double', { name: 'cron', expression: '0 0 1 1 *' });
  const worker = (await hatchet.workers.list()).rows?.[0]?.metadata.id ?? '';
  const { rows } = await db.query<{ id: string }>(`SELECT id FROM workflow WHERE name = 'double'`);
  return {
    run: runId,
    task: runId,
    event: eventId,
    schedule: schedule.metadata.id,
    cron: cron.metadata.id,
    worker,
    workflow: rows[0]?.id ?? '',
  };
});

type Ids = Record<'run' | 'task' | 'event' | 'schedule' | 'cron' | 'worker' | 'workflow', string>;

/** Lists all operations that need a token, with these ids in their paths. Their bodies have the `owned` ids. */
function operations({ contract }: Installation, owned: Ids, tenant: string, ids: Ids) {
  return Object.entries(contract.document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security }]) => security.length > 0)
      .map(([method]) => ({
        method: method.toUpperCase(),
        template: path,
        path: path.replaceAll(/\{(\w+)\}/g, (_, name) =>
          name === 'tenant' ? tenant : (ids[name as keyof Ids] ?? name),
        ),
        body: method === 'post' || method === 'patch' ? bodyFor(path, owned) : undefined,
      })),
  );
}

function bodyFor(path: string, owned: Ids) {
  return {
    ...BODY,
    taskExternalId: owned.task,
    externalIds: [owned.run],
    ...(path.endsWith('bulk-delete') && { scheduledWorkflowRunIds: [owned.schedule] }),
    updates: [{ id: owned.schedule, triggerAt: BODY.triggerAt }],
  };
}

/** Reads all rows of the tenant. */
async function tenantRows(db: Database) {
  const tables = ['run', 'task', 'schedule', 'cron', 'worker', 'workflow', 'event'].map(
    (table) =>
      `SELECT '${table}' AS table, id, to_jsonb(t) - 'last_heartbeat_at' AS row FROM ${table} t WHERE tenant_id = $1`,
  );
  const { rows } = await db.query(`${tables.join(' UNION ALL ')} ORDER BY 1, 2`, [TENANT]);
  return rows;
}

describe('every route', () => {
  it('requires a valid token of a tenant, and of the tenant in its path', async ({ installation, call, owned }) => {
    for (const { method, path, body } of operations(installation, owned, TENANT, owned)) {
      const status = async (bearer: string) => [method, path, (await call(method, path, body, bearer)).status];
      expect(await status('')).toEqual([method, path, 401]);
      expect(await status(installation.tokens.expired)).toEqual([method, path, 401]);
      expect(await status(`${installation.tokens.tenant.slice(0, -4)}AAAA`)).toEqual([method, path, 401]);
      expect(await status(installation.tokens.operator)).toEqual([method, path, 403]);
      if (path.includes(TENANT)) expect(await status(installation.tokens.other)).toEqual([method, path, 403]);
    }
    const { rows } = await call('GET', `/api/v1/stable/tenants/${TENANT}/workflow-runs`).then(({ body }) => body);
    expect(rows).toHaveLength(1);
  });

  it('neither shows nor changes resources of another tenant, under any path', async ({ installation, call, owned }) => {
    const before = await tenantRows(installation.db);
    for (const { method, path, template, body } of operations(installation, owned, OTHER_TENANT, owned)) {
      const answer = await call(method, path, body, installation.tokens.other);
      for (const id of Object.values(owned)) {
        // a bulk command returns an error for each id that is not found
        const shown = template.includes('/bulk-') ? JSON.stringify({ ...answer.body, errors: [] }) : answer.text;
        expect(shown, `${method} ${path}`).not.toContain(id);
      }
      if (/\{(?!tenant)/.test(template)) expect([method, path, answer.status >= 400]).toEqual([method, path, true]);
    }
    expect(await tenantRows(installation.db)).toEqual(before);
  });

  it('answers 404 for an unknown id', async ({ installation, call, owned }) => {
    const unknown = Object.fromEntries(Object.keys(owned).map((name) => [name, UNKNOWN_ID])) as Ids;
    for (const { method, path, template, body } of operations(installation, owned, TENANT, unknown)) {
      if (!/\{(?!tenant|workflow\}\/(scheduled|crons))/.test(template)) continue;
      expect([method, path, (await call(method, path, body)).status]).toEqual([method, path, 404]);
    }
  });

  it('accepts at most 4 MiB, and distinguishes invalid JSON from an invalid field', async ({ installation, call }) => {
    const trigger = `/api/v1/stable/tenants/${TENANT}/workflow-runs/trigger`;
    expect(await call('POST', trigger, `{"x":"${'x'.repeat(4 * 1024 * 1024)}"}`)).toMatchObject(
      error(413, 'the body is larger than 4194304 bytes'),
    );
    expect(await call('POST', trigger, 'x')).toMatchObject(error(400, 'the body must be JSON'));
    expect(await call('POST', trigger, '[]')).toMatchObject({ status: 400 });
    expect(installation.api.process.log.matching(installation.tokens.tenant.slice(-20))).toEqual([]);
  });
});
