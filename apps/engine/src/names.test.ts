import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { WorkflowServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { listWorkflows } from '@hatchet-ts/storage/reads';
import { createCron, createSchedule } from '@hatchet-ts/storage/triggers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_TENANT, type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

/** Registers a workflow as Python's and Go's SDKs do; the TypeScript SDK sends names in lower case. */
async function register(name: string): Promise<string> {
  const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
  const task = { readableId: 'a', action: `${name.toLowerCase()}:a` };
  return (await admin.putWorkflow({ name, tasks: [task] })).workflowId;
}

const workflowOfRun = async (runId: string) =>
  (await engine.db.query('SELECT workflow_id, workflow_name FROM run WHERE id = $1', [runId])).rows[0];

test('two names that differ in case are two workflows', async () => {
  const [upper, lower] = [await register('OrderFlow'), await register('orderflow')];
  expect(upper).not.toBe(lower);
  const workflows = rawClient(WorkflowServiceDefinition, engine.address, await engine.token());
  const run = async (name: string) => workflowOfRun((await workflows.triggerWorkflow({ name })).workflowRunId);
  expect(await run('OrderFlow')).toEqual({ workflow_id: upper, workflow_name: 'OrderFlow' });
  expect(await run('orderflow')).toEqual({ workflow_id: lower, workflow_name: 'orderflow' });
  await expect(run('ORDERFLOW')).rejects.toThrow('workflow names not found: ORDERFLOW');
  const schedules = [new Date()];
  expect(await workflows.scheduleWorkflow({ name: 'OrderFlow', schedules })).toMatchObject({ workflowId: upper });
  await expect(workflows.scheduleWorkflow({ name: 'ORDERFLOW', schedules })).rejects.toThrow('not found: ORDERFLOW');
});

test('schedules and crons are created by the exact name, and a list finds names in any case', async () => {
  const id = await register('Nightly');
  const given = { tenantId: DEFAULT_TENANT, input: '{}', additionalMetadata: '{}' };
  const schedule = { ...given, method: 'API' as const, triggerAt: new Date(Date.now() + 60_000) };
  expect(await createSchedule(engine.db, { ...schedule, workflow: 'Nightly' })).toBeDefined();
  expect(await createSchedule(engine.db, { ...schedule, workflow: 'nightly' })).toBeUndefined();
  const cron = { ...given, name: 'c', expression: '0 0 1 1 *' };
  expect(await createCron(engine.db, { ...cron, workflow: 'Nightly' })).toHaveProperty('id');
  expect(await createCron(engine.db, { ...cron, workflow: 'nightly' })).toBe('no-workflow');
  expect(await createCron(engine.db, { ...cron, workflow: id.toUpperCase(), name: 'by id' })).toHaveProperty('id');
  const { rows } = await listWorkflows(engine.db, DEFAULT_TENANT, 'NIGHT', { offset: 0, limit: 10 });
  expect(rows.map(({ name }) => name)).toEqual(['Nightly']);
});

test('a registration takes over a workflow whose name an earlier version stored in lower case', async () => {
  const id = await register('oldflow');
  await engine.db.query('UPDATE workflow SET name_lowered = true WHERE id = $1', [id]);
  expect(await register('OldFlow')).toBe(id);
  expect(await register('OLDFLOW')).not.toBe(id);
  const workflows = rawClient(WorkflowServiceDefinition, engine.address, await engine.token());
  await expect(workflows.triggerWorkflow({ name: 'oldflow' })).rejects.toThrow('not found: oldflow');
});
