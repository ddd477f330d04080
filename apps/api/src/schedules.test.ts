import type { Database } from '@hatchet-ts/storage';
import { describe, expect } from 'vitest';
import { error, it, TENANT, UNKNOWN_ID } from './testing/installation.ts';

const LATER = new Date('2036-01-01T10:00:00.000Z');
const LATER_STILL = new Date('2037-01-01T10:00:00.000Z');

describe('schedules and crons, through the official SDK', () => {
  const workflows = `/api/v1/tenants/${TENANT}/workflows`;
  /** Collects the notifications for the engine's trigger clock. */
  const listenToClock = async (db: Database) => {
    const notified: (string | undefined)[] = [];
    const end = await db.listen('trigger_clock', (payload) => notified.push(payload));
    return { notified, end };
  };

  it('creates, shows, moves and deletes a schedule, and notifies the clock', async ({
    installation,
    call,
    hatchet,
  }) => {
    const { notified, end } = await listenToClock(installation.db);
    const made = await hatchet.schedules.create('Double', {
      triggerAt: LATER,
      input: { n: 1 },
      additionalMetadata: { shop: 'north' },
      priority: 2,
    });
    expect(made).toMatchObject({
      tenantId: TENANT,
      workflowName: 'double',
      triggerAt: LATER.toISOString(),
      input: { n: 1 },
      additionalMetadata: { shop: 'north' },
      method: 'API',
      priority: 2,
    });
    expect(await hatchet.schedules.get(made)).toEqual(made);
    expect(await hatchet.schedules.update(made, { triggerAt: LATER_STILL })).toMatchObject({
      triggerAt: LATER_STILL.toISOString(),
    });
    await expect.poll(() => notified).toEqual(['schedule', 'schedule']);
    await end();
    await hatchet.schedules.delete(made);
    expect(await call('GET', `${workflows}/scheduled/${made.metadata.id}`)).toMatchObject(
      error(404, 'scheduled workflow not found'),
    );
  });

  it('lists schedules by workflow, status and metadata, in the order of their times', async ({ hatchet }) => {
    const create = (triggerAt: Date, mark: string) =>
      hatchet.schedules.create('double', { triggerAt, additionalMetadata: { mark, list: 'yes' } });
    const [late, early] = [await create(LATER_STILL, 'a'), await create(LATER, 'b')];
    const ids = async (query: Parameters<typeof hatchet.schedules.list>[0]) =>
      (await hatchet.schedules.list({ additionalMetadata: ['list:yes'], ...query })).rows?.map(
        (row) => row.metadata.id,
      );
    expect(await ids({})).toEqual([late.metadata.id, early.metadata.id]);
    expect(await ids({ orderByDirection: 'ASC' as never })).toEqual([early.metadata.id, late.metadata.id]);
    expect(await ids({ workflow: 'double' })).toHaveLength(2);
    expect(await ids({ workflow: 'chain' })).toEqual([]);
    expect(await ids({ statuses: ['SUCCEEDED' as never] })).toEqual([]);
    expect(await ids({ statuses: ['SCHEDULED' as never] })).toHaveLength(2);
    expect(await ids({ additionalMetadata: ['list:yes', 'mark:b'] })).toEqual([early.metadata.id]);
  });

  it('moves and deletes schedules in bulk, with an error for each that failed', async ({
    installation,
    call,
    hatchet,
  }) => {
    const create = () => hatchet.schedules.create('double', { triggerAt: LATER, additionalMetadata: { bulk: 'yes' } });
    const [one, two, fired] = [await create(), await create(), await create()];
    await installation.db.query('UPDATE schedule SET fired_at = now() WHERE id = $1', [fired.metadata.id]);
    const move = (scheduledRun: string) => ({ scheduledRun, triggerAt: LATER_STILL });
    expect(
      await hatchet.schedules.bulkUpdate([move(one.metadata.id), move(fired.metadata.id), move(UNKNOWN_ID)]),
    ).toEqual({
      updatedIds: [one.metadata.id],
      errors: [
        { id: fired.metadata.id, error: 'the schedule has already fired: create a new one' },
        { id: UNKNOWN_ID, error: 'scheduled workflow not found' },
      ],
    });
    await expect(hatchet.schedules.update(fired, { triggerAt: LATER })).rejects.toThrow('has already fired');
    expect(await hatchet.schedules.bulkDelete({ scheduledRuns: [one, UNKNOWN_ID] })).toEqual({
      deletedIds: [one.metadata.id],
      errors: [{ id: UNKNOWN_ID, error: 'scheduled workflow not found' }],
    });
    expect(await hatchet.schedules.bulkDelete({ filter: { additionalMetadata: ['bulk:yes'] } })).toEqual({
      deletedIds: [two.metadata.id],
      errors: [],
    });
    expect(await call('POST', `${workflows}/scheduled/bulk-delete`, {})).toMatchObject(
      error(400, 'give either scheduledWorkflowRunIds or a filter'),
    );
  });

  it('creates, shows, disables and deletes a cron, and notifies the clock', async ({ installation, call, hatchet }) => {
    const { notified, end } = await listenToClock(installation.db);
    const made = await hatchet.crons.create('double', {
      name: 'nightly',
      expression: '0 3 * * *',
      input: { n: 2 },
      additionalMetadata: { shop: 'south' },
    });
    expect(made).toMatchObject({
      workflowName: 'double',
      cron: '0 3 * * *',
      name: 'nightly',
      enabled: true,
      method: 'API',
      input: { n: 2 },
    });
    expect(await hatchet.crons.get(made)).toEqual(made);
    const names = async (query: Parameters<typeof hatchet.crons.list>[0]) =>
      (await hatchet.crons.list(query)).rows?.map(({ name }) => name);
    expect(await names({ workflow: 'double' })).toEqual(['nightly']);
    expect(await names({ workflow: 'chain' })).toEqual([]);
    expect(await names({ cronName: 'nightly', workflowName: 'double' })).toEqual(['nightly']);

    const stored = async () => {
      const { rows } = await installation.db.query(
        'SELECT enabled, next_fire_at > now() AS future, extract(hour FROM next_fire_at AT TIME ZONE $2)::int AS hour FROM cron WHERE id = $1',
        [made.metadata.id, 'UTC'],
      );
      return rows[0];
    };
    expect(await stored()).toEqual({ enabled: true, future: true, hour: 3 });
    const path = `${workflows}/crons/${made.metadata.id}`;
    expect(await call('PATCH', path, { enabled: false })).toMatchObject({ status: 200, body: { enabled: false } });
    expect(await stored()).toMatchObject({ enabled: false });
    await expect.poll(() => notified).toEqual(['cron', 'cron']);
    await end();
    await hatchet.crons.delete(made);
    expect(await call('GET', path)).toMatchObject(error(404, 'cron workflow not found'));
  });

  it('refuses a trigger that could never fire, with the remedy', async ({ call, hatchet }) => {
    const create = (expression: string, workflow = 'double', name = 'refused') =>
      hatchet.crons.create(workflow, { name, expression });
    await expect(create('every day')).rejects.toThrow(/\\"every day\\" is not a cron expression: write five fields/);
    await expect(create('0 0 31 2 *')).rejects.toThrow('never fires: its date does not exist');
    await expect(create('@daily', 'nowhere')).rejects.toThrow('workflow not found');
    await expect(create('@daily', 'double', '')).rejects.toThrow('cronName: must not be empty');
    const limit = 'has 4000 bytes, more than the limit of 1024';
    await expect(create('@daily', 'double', 'x'.repeat(4_000))).rejects.toThrow(`cronName: ${limit}`);
    await expect(create('0,'.repeat(2_000), 'double')).rejects.toThrow(`cronExpression: ${limit}`);
    await expect(create('@daily', 'double', 'x\0')).rejects.toThrow('cronName: must not contain the character U+0000');
    await create('@daily');
    await expect(create('@daily')).rejects.toThrow('delete that one first');
    await expect(hatchet.schedules.create('nowhere', { triggerAt: LATER })).rejects.toThrow('workflow not found');
    expect(await call('POST', `${workflows}/double/scheduled`, { triggerAt: 'tomorrow', priority: 7 })).toMatchObject({
      status: 400,
      body: { errors: [{ description: expect.stringMatching(/triggerAt: .*priority: /) }] },
    });
  });

  it('refuses a NUL character, which PostgreSQL cannot store', async ({ call }) => {
    const body = { triggerAt: LATER, additionalMetadata: { nul: '\0' } };
    const refused = { status: 400, body: { errors: [{ description: expect.stringContaining('NUL') }] } };
    expect(await call('POST', `${workflows}/double/scheduled`, body)).toMatchObject(refused);
    expect(await call('GET', `${workflows}?name=%00`)).toMatchObject(refused);
  });

  it('refuses to delete a cron that the definition of a workflow declares', async ({ installation, call }) => {
    const { rows } = await installation.db.query<{ id: string }>(
      `INSERT INTO cron (id, tenant_id, workflow_id, method, name, expression, input, additional_metadata)
       SELECT gen_random_uuid(), tenant_id, id, 'DEFAULT', '', '@hourly', '{}', '{}' FROM workflow WHERE name = 'double'
       RETURNING id`,
    );
    const path = `${workflows}/crons/${rows[0]?.id}`;
    expect(await call('DELETE', path)).toMatchObject({ status: 403 });
    expect((await call('GET', path)).body).toMatchObject({ method: 'DEFAULT', cron: '@hourly' });
  });
});
