import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { error, type Installation, NOBODY, OTHER_TENANT, startInstallation, TENANT } from './installation.fixture.ts';

/** A body that every command takes: what it lacks would be told before what it may not see. */
const BODY = {
  isPaused: true,
  enabled: false,
  triggerAt: '2036-01-01T00:00:00Z',
  cronName: 'x',
  cronExpression: '@daily',
  workflowName: 'double',
  nodeId: 1,
};

describe('every route', () => {
  let installation: Installation;
  let call: Installation['call'];
  /** Something of the tenant's for each parameter of a path. */
  let owned: Record<string, string>;

  beforeAll(async () => {
    installation = await startInstallation();
    ({ call } = installation);
    const { hatchet, db } = installation;
    const run = await hatchet.runNoWait('double', { n: 1 }, {});
    await run.output;
    const runId = await run.getWorkflowRunId();
    const { eventId } = await hatchet.events.push('some:event', {});
    const schedule = await hatchet.schedules.create('double', { triggerAt: new Date('2036-01-01') });
    const cron = await hatchet.crons.create('double', { name: 'cron', expression: '0 0 1 1 *' });
    const worker = (await hatchet.workers.list()).rows?.[0]?.metadata.id ?? '';
    const { rows } = await db.query<{ id: string }>(`SELECT id FROM workflow WHERE name = 'double'`);
    owned = {
      run: runId,
      task: runId,
      event: eventId,
      schedule: schedule.metadata.id,
      cron: cron.metadata.id,
      worker,
      workflow: rows[0]?.id ?? '',
    };
  });

  afterAll(() => installation?.stop());

  /** All operations that want a token, with these values in their paths. */
  const operations = (tenant: string, values: Record<string, string>) =>
    Object.entries(installation.contract.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security }]) => security.length > 0)
        .map(([method]) => ({
          method: method.toUpperCase(),
          template: path,
          path: path.replaceAll(/\{(\w+)\}/g, (_, name) => (name === 'tenant' ? tenant : (values[name] ?? name))),
          body: method === 'post' || method === 'patch' ? bodyFor(path) : undefined,
        })),
    );
  const bodyFor = (path: string) => ({
    ...BODY,
    taskExternalId: owned.task,
    externalIds: [owned.run],
    ...(path.endsWith('bulk-delete') && { scheduledWorkflowRunIds: [owned.schedule] }),
    updates: [{ id: owned.schedule, triggerAt: BODY.triggerAt }],
  });

  it('wants a token that is valid, of a tenant, and of the tenant in its path', async () => {
    for (const { method, path, body } of operations(TENANT, owned)) {
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

  it('shows and does nothing to what belongs to another tenant, under whatever path', async () => {
    const before = await everything();
    for (const { method, path, template, body } of operations(OTHER_TENANT, owned)) {
      const answer = await call(method, path, body, installation.tokens.other);
      for (const id of Object.values(owned)) {
        // a bulk command says for each id that there is none
        const shown = template.includes('/bulk-') ? JSON.stringify({ ...answer.body, errors: [] }) : answer.text;
        expect(shown, `${method} ${path}`).not.toContain(id);
      }
      if (/\{(?!tenant)/.test(template)) expect([method, path, answer.status >= 400]).toEqual([method, path, true]);
    }
    expect(await everything()).toEqual(before);
  });

  it('says 404 for what there is not', async () => {
    const nobody = Object.fromEntries(Object.keys(owned).map((name) => [name, NOBODY]));
    for (const { method, path, template, body } of operations(TENANT, nobody)) {
      if (!/\{(?!tenant|workflow\}\/(scheduled|crons))/.test(template)) continue;
      expect([method, path, (await call(method, path, body)).status]).toEqual([method, path, 404]);
    }
  });

  it('takes no more than 4 MiB, and tells bad JSON from a bad field', async () => {
    const trigger = `/api/v1/stable/tenants/${TENANT}/workflow-runs/trigger`;
    expect(await call('POST', trigger, `{"x":"${'x'.repeat(4 * 1024 * 1024)}"}`)).toMatchObject(
      error(413, 'the body is larger than 4194304 bytes'),
    );
    expect(await call('POST', trigger, 'x')).toMatchObject(error(400, 'the body must be JSON'));
    expect(await call('POST', trigger, '[]')).toMatchObject({ status: 400 });
    expect(installation.api.output()).not.toContain(installation.tokens.tenant.slice(-20));
  });

  /** What the tenant has, as it is stored. */
  async function everything() {
    const tables = ['run', 'task', 'schedule', 'cron', 'worker', 'workflow', 'event'].map(
      (table) =>
        `SELECT '${table}' AS table, id, to_jsonb(t) - 'last_heartbeat_at' AS row FROM ${table} t WHERE tenant_id = $1`,
    );
    const { rows } = await installation.db.query(`${tables.join(' UNION ALL ')} ORDER BY 1, 2`, [TENANT]);
    return rows;
  }
});
