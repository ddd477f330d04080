import { randomBytes } from 'node:crypto';
import { EventsServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { WorkflowServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { Status } from 'nice-grpc';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

/** Text that no compression shortens. */
const text = (bytes: number) => randomBytes(bytes).toString('hex').slice(0, bytes);
const TOO_LONG = text(4_000);
const LONGEST = text(1_024);
const refusal = (details: string) => ({ code: Status.INVALID_ARGUMENT, details });
const limit = 'has 4000 bytes, more than the limit of 1024';

async function clients() {
  const token = await engine.token();
  return {
    admin: rawClient(AdminServiceDefinition, engine.address, token),
    events: rawClient(EventsServiceDefinition, engine.address, token),
    workflows: rawClient(WorkflowServiceDefinition, engine.address, token),
  };
}

const definition = (name: string, more: object = {}) => ({
  name,
  tasks: [{ readableId: 'task', action: 'a:task', timeout: '60s', inputs: '{}' }],
  ...more,
});

describe('a text that the database indexes is refused above 1,024 bytes, and stored below', () => {
  test('event key', async () => {
    const { events } = await clients();
    await expect(events.push({ key: TOO_LONG, payload: '{}' })).rejects.toMatchObject(
      refusal(`the event key ${limit}`),
    );
    await events.push({ key: LONGEST, payload: '{}' });
    const bulk = events.bulkPush({ events: [LONGEST, TOO_LONG].map((key) => ({ key, payload: '{}' })) });
    await expect(bulk).rejects.toMatchObject(refusal(`events[1]: the event key ${limit}`));
  });

  test('name, action, event trigger and desired labels of a workflow', async () => {
    const { admin } = await clients();
    const task = { readableId: 'task', action: 'a:task', inputs: '{}' };
    const workerLabels = { region: { strValue: TOO_LONG } };
    for (const [request, what] of [
      [definition(TOO_LONG), 'the name of a workflow'],
      [definition('w', { eventTriggers: ['a', TOO_LONG] }), 'the event key of workflow w'],
      [definition('w', { tasks: [{ ...task, action: TOO_LONG }] }), 'the action of task task'],
    ] as const) {
      await expect(admin.putWorkflow(request)).rejects.toMatchObject(refusal(`${what} ${limit}`));
    }
    await expect(admin.putWorkflow(definition('w', { tasks: [{ ...task, workerLabels }] }))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringMatching(
        /^the JSON of the desired labels of task task has \d+ bytes, more than the limit of 1024$/,
      ),
    });
    await admin.putWorkflow(
      definition(LONGEST, { eventTriggers: [LONGEST], tasks: [{ ...task, action: LONGEST.toUpperCase() }] }),
    );
    const { workflows } = await clients();
    // Action and labels are in one index.
    const { workflowRunId } = await workflows.triggerWorkflow({
      name: LONGEST,
      input: '{}',
      desiredWorkerLabels: { region: { strValue: text(900) } },
    });
    expect(workflowRunId).not.toBe('');
  });

  test('child key and idempotency value of a run; of a bulk the run is named', async () => {
    const { admin, workflows } = await clients();
    await admin.putWorkflow(definition('parent'));
    await admin.putWorkflow(definition('keyed', { idempotency: { expression: 'input.id', ttlMs: 60_000 } }));
    const { workflowRunId: parent } = await workflows.triggerWorkflow({ name: 'parent', input: '{}' });
    const child = (childKey: string) => ({ name: 'parent', input: '{}', parentTaskRunExternalId: parent, childKey });
    const keyed = (id: string) => ({ name: 'keyed', input: JSON.stringify({ id }) });
    await expect(workflows.triggerWorkflow(child(TOO_LONG))).rejects.toMatchObject(refusal(`the child key ${limit}`));
    await expect(workflows.triggerWorkflow(keyed(TOO_LONG))).rejects.toMatchObject(
      refusal(`the idempotency key of workflow keyed (input.id) ${limit}`),
    );
    const bulk = workflows.bulkTriggerWorkflow({ workflows: [keyed('a'), child(TOO_LONG)] });
    await expect(bulk).rejects.toMatchObject(refusal(`workflows[1]: the child key ${limit}`));
    const schedule = workflows.scheduleWorkflow({ ...child(TOO_LONG), schedules: [new Date(Date.now() + 60_000)] });
    await expect(schedule).rejects.toMatchObject(refusal(`the child key ${limit}`));
    const { workflowRunIds } = await workflows.bulkTriggerWorkflow({ workflows: [child(LONGEST), keyed(LONGEST)] });
    expect(workflowRunIds).toHaveLength(2);
  });
});

test('a key with the character U+0000, which the database cannot hold, is refused', async () => {
  const { events, workflows } = await clients();
  const nul = 'must not contain the character U+0000';
  await expect(events.push({ key: 'a\0', payload: '{}' })).rejects.toMatchObject(refusal(`the event key ${nul}`));
  await expect(workflows.triggerWorkflow({ name: 'a\0', input: '{}' })).rejects.toMatchObject(
    refusal(`the name of a workflow ${nul}`),
  );
});

test('an event whose run of one workflow cannot be created is stored, and starts the others', async () => {
  const { admin, events } = await clients();
  const eventTriggers = ['mixed'];
  await admin.putWorkflow(definition('takes-all', { eventTriggers }));
  await admin.putWorkflow(
    definition('takes-keyed', { eventTriggers, idempotency: { expression: 'input.id', ttlMs: 60_000 } }),
  );
  const pushed = (id: unknown) => ({ key: 'mixed', payload: JSON.stringify({ id }) });
  const { events: stored } = await events.bulkPush({ events: [TOO_LONG, 7, 'fits'].map(pushed) });
  const { rows } = await engine.db.query(
    `SELECT event_id AS id, array_agg(workflow_name ORDER BY workflow_name) AS names FROM run
     WHERE event_key = 'mixed' GROUP BY 1 ORDER BY min(created_at), array_length(array_agg(1), 1)`,
  );
  const namesOf = new Map(rows.map(({ id, names }) => [id, names]));
  expect(stored.map(({ eventId }) => namesOf.get(eventId))).toEqual([
    ['takes-all'],
    ['takes-all'],
    ['takes-all', 'takes-keyed'],
  ]);
});
