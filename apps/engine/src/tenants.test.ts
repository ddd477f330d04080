import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
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

describe('a call', () => {
  const cases: [string, () => Promise<string | undefined>, Status][] = [
    ['without a token', async () => undefined, Status.UNAUTHENTICATED],
    ['with a token that is none', async () => 'a.b.c', Status.UNAUTHENTICATED],
    ['with a token that someone else signed', async () => forged(await engine.token()), Status.UNAUTHENTICATED],
    ['with a token that has expired', () => engine.token({ expiresInSeconds: -1 }), Status.UNAUTHENTICATED],
    ['with an operator’s token', () => engine.token({ scope: 'operator' }), Status.PERMISSION_DENIED],
  ];
  test.each(cases)('%s is rejected, and the error does not repeat it', async (_, token, code) => {
    const presented = await token();
    const dispatcher = rawClient(DispatcherDefinition, engine.address, presented);
    const error = await dispatcher.getVersion({}).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code });
    if (presented) expect(String(error)).not.toContain(presented);
  });

  test('with a tenant’s token succeeds', async () => {
    const dispatcher = rawClient(DispatcherDefinition, engine.address, await engine.token());
    expect(await dispatcher.getVersion({})).toEqual({ version: 'v0.90.0' });
  });
});

describe('two tenants', () => {
  test('with workflows of the same name run their own', async () => {
    const [one, two] = [await engine.client(await engine.tenant()), await engine.client(await engine.tenant())];
    const taskOne = one.task({ name: 'same', onEvents: ['same'], fn: async () => ({ tenant: 'one' }) });
    const taskTwo = two.task({ name: 'same', onEvents: ['same'], fn: async () => ({ tenant: 'two' }) });
    await engine.work(one, [taskOne]);
    await engine.work(two, [taskTwo]);

    expect(await taskOne.run({})).toEqual({ tenant: 'one' });
    expect(await taskTwo.run({})).toEqual({ tenant: 'two' });
  });

  test('cannot start, see, cancel, report on or subscribe to each other’s runs', async () => {
    const [owner, stranger] = [await engine.tenant(), await engine.tenant()];
    const client = await engine.client(owner);
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const secret = client.task({
      name: 'secret',
      fn: async () => {
        started.resolve();
        await finish.promise;
        return { secret: true };
      },
    });
    await engine.work(client, [secret]);
    const ref = await secret.runNoWait({});
    await started.promise;
    const runId = await ref.getWorkflowRunId();

    const token = await engine.token({ tenantId: stranger });
    const admin = rawClient(AdminServiceDefinition, engine.address, token);
    const workflows = rawClient(WorkflowServiceDefinition, engine.address, token);
    const dispatcher = rawClient(DispatcherDefinition, engine.address, token);
    await expect(workflows.triggerWorkflow({ name: 'secret', input: '{}' })).rejects.toThrow(
      'workflow names not found',
    );
    await expect(admin.getRunDetails({ externalId: runId })).rejects.toMatchObject({ code: Status.NOT_FOUND });
    expect(await admin.cancelTasks({ externalIds: [runId] })).toEqual({ cancelledTasks: [] });
    await dispatcher.sendStepActionEvent({
      taskRunExternalId: runId,
      retryCount: 0,
      eventType: 2,
      eventPayload: '{"forged":true}',
    });
    const { rows } = await engine.db.query<{ id: string }>('SELECT id FROM worker WHERE tenant_id = $1', [owner]);
    await expect(dispatcher.heartbeat({ workerId: rows[0]!.id })).rejects.toMatchObject({ code: Status.NOT_FOUND });
    const child = { name: 'secret', input: '{}', parentTaskRunExternalId: runId };
    await expect(workflows.triggerWorkflow(child)).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });

    finish.resolve();
    expect(await ref.output).toEqual({ secret: true });

    // Subscribed before two own runs, one after the other: a result of the other tenant's run would come first.
    const own = (await engine.client(stranger)).task({ name: 'own', fn: async () => ({}) });
    await engine.work(await engine.client(stranger), [own]);
    const ownIds = await Promise.all(
      [own.runNoWait({}), own.runNoWait({})].map(async (run) => (await run).getWorkflowRunId()),
    );
    const heard: string[] = [];
    const more = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const subscriptions = async function* () {
      yield { workflowRunId: runId };
      yield { workflowRunId: ownIds[0]! };
      await more[0]!.promise;
      yield { workflowRunId: ownIds[1]! };
      await more[1]!.promise;
    };
    for await (const { workflowRunId } of dispatcher.subscribeToWorkflowRuns(subscriptions())) {
      heard.push(workflowRunId);
      more[heard.length - 1]!.resolve();
      if (heard.length === 2) break;
    }
    expect(heard).toEqual(ownIds);
  });
});

/** Replaces the signature of a token. */
function forged(token: string): string {
  const [header, claims, signature = ''] = token.split('.');
  return `${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
}
