import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { WorkflowServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { Status } from 'nice-grpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

const MIB = 1024 * 1024;

test('a bulk of runs or a cancellation above the limit of a call is rejected', async () => {
  const token = await engine.token();
  const workflows = rawClient(WorkflowServiceDefinition, engine.address, token);
  const bulk = workflows.bulkTriggerWorkflow({ workflows: Array.from({ length: 1_001 }, () => ({ name: 'x' })) });
  await expect(bulk).rejects.toThrow('a call can have at most 1000 runs, not 1001');
  const admin = rawClient(AdminServiceDefinition, engine.address, token);
  const externalIds = Array.from({ length: 1_001 }, () => '00000000-0000-4000-8000-000000000000');
  await expect(admin.cancelTasks({ externalIds })).rejects.toThrow(
    'a call can have at most 1000 externalIds, not 1001',
  );
});

test('a message above 4 MiB is rejected, and the connection stays usable', async () => {
  const workflows = rawClient(WorkflowServiceDefinition, engine.address, await engine.token());
  const request = { name: 'nobody', input: JSON.stringify('x'.repeat(4 * MIB)) };
  await expect(workflows.triggerWorkflow(request)).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
  await expect(workflows.triggerWorkflow({ name: 'nobody', input: '{}' })).rejects.toThrow('workflow names not found');
});

test('an input too large for a worker’s message fails its run, and the worker continues', async () => {
  const client = await engine.client();
  const task = client.task({
    name: 'heavy',
    retries: 3,
    fn: async ({ text }: { text: string }) => ({ got: text.length }),
  });
  await engine.work(client, [task]);
  const error: unknown = await task.run({ text: 'x'.repeat(4 * MIB - 5_000) }).catch((caught: unknown) => caught);
  expect(error).toEqual([expect.stringContaining('a worker accepts 4194304')]);
  expect(await task.run({ text: 'x'.repeat(3 * MIB) })).toEqual({ got: 3 * MIB });
});

test('a batch counts the outputs of parents; one task too large fails its run, and the worker continues', async () => {
  const client = await engine.client();
  const workflow = client.workflow<{ bytes: number; text: string }>({ name: 'heavy-batch' });
  const parent = workflow.task({ name: 'parent', fn: async ({ bytes }) => ({ text: 'x'.repeat(bytes) }) });
  const sizes: number[] = [];
  workflow.task({
    name: 'together',
    parents: [parent],
    batch: { maxSize: 2, maxInterval: '1s' },
    fn: async (inputs: Record<string, unknown>) => {
      sizes.push(Object.keys(inputs).length);
      return Object.fromEntries(Object.keys(inputs).map((id) => [id, {}]));
    },
  });
  await engine.work(client, [workflow]);
  const tooLarge: unknown = await workflow
    .run({ bytes: 2.5 * MIB, text: 'x'.repeat(2.5 * MIB) })
    .catch((caught: unknown) => caught);
  expect(tooLarge).toEqual([expect.stringContaining('a worker accepts 4194304')]);
  const large = { bytes: 2.5 * MIB, text: '' };
  // Both together would exceed the message.
  await Promise.all([workflow.run(large), workflow.run(large)]);
  expect(sizes).toEqual([1, 1]);
});

test('outputs that do not fit into one message arrive as errors; the others arrive', async () => {
  const client = await engine.client();
  const workflow = client.workflow({ name: 'bulky' });
  for (const name of ['a', 'b']) workflow.task({ name, fn: async () => ({ text: 'x'.repeat(3 * MIB) }) });
  await engine.work(client, [workflow]);
  const ref = await workflow.runNoWait({});
  const error: unknown = await ref.output.catch((caught: unknown) => caught);
  expect(error).toEqual([expect.stringMatching(/exceeds the 4194304 bytes of a message; read it over the REST API/)]);
  const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
  const details = admin.getRunDetails({ externalId: await ref.getWorkflowRunId() });
  await expect(details).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
  const { rows } = await engine.db.query(`SELECT status FROM run WHERE workflow_name = 'bulky'`);
  expect(rows).toEqual([{ status: 'COMPLETED' }]);
});

test('malformed JSON and ids are rejected with the expected form', async () => {
  const token = await engine.token();
  const workflows = rawClient(WorkflowServiceDefinition, engine.address, token);
  const dispatcher = rawClient(DispatcherDefinition, engine.address, token);
  await expect(workflows.triggerWorkflow({ name: 'x', input: '{' })).rejects.toThrow('input must be JSON');
  await expect(workflows.triggerWorkflow({ name: 'x', additionalMetadata: '[1]' })).rejects.toThrow(
    'must be a JSON object',
  );
  await expect(workflows.triggerWorkflow({ name: 'x', priority: 9 })).rejects.toThrow('priority must be 1 (low)');
  await expect(dispatcher.heartbeat({ workerId: 'x' })).rejects.toThrow('workerId must be a UUID');
});
