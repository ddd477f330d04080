import { AdminServiceDefinition, RunStatus } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { Status } from 'nice-grpc';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineFixture, engineFixture } from './testing/engine.ts';
import { rawClient } from './testing/raw-client.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

/** Cancels as the API does; the SDK's `cancel` uses REST. */
async function cancel(...externalIds: string[]): Promise<string[]> {
  const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
  return (await admin.cancelTasks({ externalIds })).cancelledTasks;
}

describe('a DAG', () => {
  test('runs tasks when their parents have completed, with the parents’ outputs', async () => {
    const client = await engine.client();
    const order: string[] = [];
    const workflow = client.workflow<{ n: number }>({ name: 'Diamond' });
    const top = workflow.task({ name: 'Top', fn: async ({ n }) => ({ n }) });
    const left = workflow.task({
      name: 'left',
      parents: [top],
      fn: async (_, ctx) => ({ left: (await ctx.parentOutput(top)).n + 1 }),
    });
    const right = workflow.task({
      name: 'right',
      parents: [top],
      fn: async (_, ctx) => ({ right: (await ctx.parentOutput(top)).n + 2 }),
    });
    workflow.task({
      name: 'bottom',
      parents: [left, right],
      fn: async (_, ctx) => {
        order.push('bottom');
        return { sum: (await ctx.parentOutput(left)).left + (await ctx.parentOutput(right)).right };
      },
    });
    await engine.work(client, [workflow]);

    expect(await workflow.run({ n: 1 })).toEqual({
      Top: { n: 1 },
      left: { left: 2 },
      right: { right: 3 },
      bottom: { sum: 5 },
    });
    expect(order).toEqual(['bottom']);
  });

  test('retries only the failed task, with back-off', async () => {
    const client = await engine.client();
    const seen: string[] = [];
    const workflow = client.workflow({ name: 'retrying' });
    const first = workflow.task({
      name: 'first',
      fn: async () => {
        seen.push('first');
        return {};
      },
    });
    workflow.task({
      name: 'second',
      parents: [first],
      retries: 1,
      backoff: { factor: 0.1, maxSeconds: 1 },
      fn: async (_, ctx) => {
        seen.push(`second ${ctx.retryCount()}`);
        if (ctx.retryCount() === 0) throw new Error('once');
        return { ok: true };
      },
    });
    await engine.work(client, [workflow]);

    expect(await workflow.run({})).toEqual({ first: {}, second: { ok: true } });
    expect(seen).toEqual(['first', 'second 0', 'second 1']);
  });

  test('cancels the descendants of a failed task, then runs its on-failure task with the errors', async () => {
    const client = await engine.client();
    const reported = Promise.withResolvers<Record<string, string>>();
    let afterwards = 0;
    const workflow = client.workflow({ name: 'doomed' });
    const first = workflow.task({
      name: 'first',
      fn: async () => {
        throw new Error('broken');
      },
    });
    workflow.task({
      name: 'second',
      parents: [first],
      fn: async () => {
        afterwards++;
        return {};
      },
    });
    workflow.onFailure({
      name: 'clean-up',
      fn: async (_, ctx) => {
        reported.resolve(ctx.errors());
        return {};
      },
    });
    await engine.work(client, [workflow]);

    await expect(workflow.run({})).rejects.toEqual([expect.stringContaining('broken')]);
    expect(await reported.promise).toEqual({ first: expect.stringContaining('broken') });
    expect(afterwards).toBe(0);
  });

  test('runs its on-success task after all others, and not its on-failure task', async () => {
    const client = await engine.client();
    const seen: string[] = [];
    const workflow = client.workflow({ name: 'happy' });
    workflow.task({
      name: 'only',
      fn: async () => {
        seen.push('only');
        return {};
      },
    });
    workflow.onSuccess({
      fn: async () => {
        seen.push('success');
        return {};
      },
    });
    workflow.onFailure({
      fn: async () => {
        seen.push('failure');
        return {};
      },
    });
    await engine.work(client, [workflow]);

    await workflow.run({});
    expect(seen).toEqual(['only', 'success']);
  });
});

describe('a child', () => {
  test('inherits its parent’s metadata, adds its own, and names its parent', async () => {
    const client = await engine.client();
    const child = client.task({ name: 'child', fn: async (_, ctx) => ({ metadata: ctx.additionalMetadata() }) });
    const parent = client.task({
      name: 'parent',
      fn: async (_, ctx) => ({
        taskId: ctx.taskRunExternalId(),
        child: await child.run({}, { additionalMetadata: { own: 'child', both: 'child' } }),
      }),
    });
    await engine.work(client, [parent, child]);

    const additionalMetadata = { inherited: 'parent', both: 'parent', hatchet__reserved: 'gone' };
    const result = await parent.run({}, { additionalMetadata });
    expect(result.child).toEqual({
      metadata: {
        inherited: 'parent',
        own: 'child',
        both: 'child',
        hatchet__parent_workflow_run_id: result.taskId,
        hatchet__parent_step_run_id: result.taskId,
      },
    });
  });

  test('is created once, however often its parent is retried', async () => {
    const client = await engine.client();
    let started = 0;
    const child = client.task({
      name: 'once',
      fn: async () => {
        started++;
        return { started };
      },
    });
    const parent = client.task({
      name: 'twice',
      retries: 1,
      fn: async (_, ctx) => {
        const children = await child.run([{}, {}]);
        if (ctx.retryCount() === 0) throw new Error('again');
        return { children };
      },
    });
    await engine.work(client, [parent, child]);

    const { children } = await parent.run({});
    expect(started).toBe(2);
    expect(children).toHaveLength(2);
  });

  test('with a key is the existing child with that key', async () => {
    const client = await engine.client();
    let started = 0;
    const child = client.task({ name: 'keyed', fn: async () => ({ number: ++started }) });
    const parent = client.task({
      name: 'keeper',
      fn: async (_, ctx) => ({
        first: await ctx.runChild(child, {}, { key: 'a' }),
        again: await ctx.runChild(child, {}, { key: 'a' }),
        other: await ctx.runChild(child, {}, { key: 'b' }),
      }),
    });
    await engine.work(client, [parent, child]);

    expect(await parent.run({})).toEqual({ first: { number: 1 }, again: { number: 1 }, other: { number: 2 } });
  });
});

describe('cancellation', () => {
  test('stops a running task, frees its slot, and resolves its result, as with Hatchet’s own engine', async () => {
    const client = await engine.client();
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const endless = client.task({
      name: 'endless',
      fn: async ({ wait }: { wait: boolean }, { abortController }) => {
        if (!wait) return {};
        abortController.signal.addEventListener('abort', () => aborted.resolve());
        started.resolve();
        await aborted.promise;
        return {};
      },
    });
    await engine.work(client, [endless], { slots: 1 });

    const ref = await endless.runNoWait({ wait: true });
    await started.promise;
    const runId = await ref.getWorkflowRunId();
    expect(await cancel(runId)).toEqual([runId]);
    expect(await ref.output).toEqual({});
    await aborted.promise;
    expect(await endless.run({ wait: false })).toEqual({});
  });

  test('ends a queued run, and does not change a finished one', async () => {
    const client = await engine.client();
    const idle = client.task({ name: 'idle', fn: async () => ({ ok: true }) });
    const worker = await engine.work(client, [idle]);
    const finished = await idle.runNoWait({});
    await finished.output;
    await worker.stop();

    const ref = await idle.runNoWait({});
    const runId = await ref.getWorkflowRunId();
    expect(await cancel(runId, await finished.getWorkflowRunId())).toEqual([runId]);
    expect(await ref.output).toEqual({});
    const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
    const { taskRuns } = await admin.getRunDetails({ externalId: runId });
    expect(taskRuns.idle).toMatchObject({ status: RunStatus.CANCELLED, error: '' });
  });
});

describe('details of a run', () => {
  test('show its input, its metadata and its tasks', async () => {
    const client = await engine.client();
    const shown = client.task({ name: 'Shown', fn: async () => ({ ok: true }) });
    await engine.work(client, [shown]);
    const ref = await shown.runNoWait({ a: 1 } as object, { additionalMetadata: { k: 'v' } });
    await ref.output;

    const runId = await ref.getWorkflowRunId();
    const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
    const details = await admin.getRunDetails({ externalId: runId });
    expect(JSON.parse(Buffer.from(details.input).toString())).toEqual({ a: 1 });
    expect(JSON.parse(Buffer.from(details.additionalMetadata).toString())).toEqual({ k: 'v' });
    expect(details).toMatchObject({ done: true, status: 2, taskRuns: { Shown: { externalId: runId, status: 2 } } });
    expect(JSON.parse(Buffer.from(details.taskRuns.Shown?.output ?? []).toString())).toEqual({ ok: true });
  });

  test('fail with NOT_FOUND for an unknown run', async () => {
    const admin = rawClient(AdminServiceDefinition, engine.address, await engine.token());
    const asked = admin.getRunDetails({ externalId: '00000000-0000-4000-8000-000000000000' });
    await expect(asked).rejects.toMatchObject({ code: Status.NOT_FOUND });
  });
});
