import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { error, it, TENANT, UNKNOWN_ID } from './testing/installation.ts';

describe('runs over REST, with the engine and the official SDK', () => {
  it('shows a finished run to the SDK: status, input, output, metadata, tasks', async ({ call, hatchet }) => {
    const ref = await hatchet.runNoWait('double', { n: 21 }, { additionalMetadata: { shop: 'north' } });
    expect(await ref.output).toEqual({ double: { n: 42 } });
    const id = await ref.getWorkflowRunId();
    expect(await hatchet.runs.get_status(id)).toBe('COMPLETED');
    expect(await hatchet.runs.get(id)).toEqual({
      run: expect.objectContaining({
        metadata: expect.objectContaining({ id }),
        status: 'COMPLETED',
        input: { n: 21 },
        output: { n: 42 },
        additionalMetadata: expect.objectContaining({ shop: 'north' }),
        tenantId: TENANT,
        duration: expect.any(Number),
      }),
      tasks: [
        expect.objectContaining({
          taskExternalId: id,
          workflowRunExternalId: id,
          type: 'TASK',
          displayName: 'double',
          actionId: 'double:double',
          status: 'COMPLETED',
          attempt: 1,
          output: { n: 42 },
        }),
      ],
      taskEvents: expect.arrayContaining(
        ['CREATED', 'ASSIGNED', 'FINISHED'].map((eventType) => expect.objectContaining({ eventType, taskId: id })),
      ),
      shape: [{ taskExternalId: id, stepId: expect.any(String), childrenStepIds: [], taskName: 'double' }],
    });
    expect(await hatchet.runs.getTaskExternalId(id)).toBe(id);
    expect((await call('GET', `/api/v1/stable/tasks/${id}`)).body).toMatchObject({
      taskExternalId: id,
      status: 'COMPLETED',
    });
  });

  it('shows why a run failed', async ({ hatchet }) => {
    const ref = await hatchet.runNoWait('fail', {}, {});
    await expect(ref.output).rejects.toBeDefined();
    const id = await ref.getWorkflowRunId();
    const { run, tasks } = await hatchet.runs.get(id);
    expect(run).toMatchObject({ status: 'FAILED', errorMessage: expect.stringContaining('card declined') });
    expect(tasks[0]).toMatchObject({ status: 'FAILED', errorMessage: expect.stringContaining('card declined') });
  });

  it('tells the whole history of a task: earlier failures, retries, timeouts and replays', async ({ hatchet }) => {
    // without STARTED: an attempt can end before its start is stored
    const history = async (id: string) => {
      const { taskEvents } = await hatchet.runs.get(id);
      return taskEvents
        .filter(({ eventType }) => `${eventType}` !== 'STARTED')
        .map(({ eventType, attempt, errorMessage }) =>
          [attempt, eventType, errorMessage?.replace(/.*"message":"([^"]*).*/s, '$1')].filter(Boolean).join(' '),
        );
    };
    const flaky = await hatchet.runNoWait('flaky', {}, {});
    await expect(flaky.output).rejects.toBeDefined();
    const id = await flaky.getWorkflowRunId();
    const before = [
      ...['1 CREATED', '1 QUEUED', '1 ASSIGNED', '1 FAILED attempt 0 fails'],
      ...['2 RETRYING', '2 QUEUED', '2 ASSIGNED', '2 FAILED attempt 1 fails'],
    ];
    expect(await history(id)).toEqual(before);
    await hatchet.runs.replay({ ids: [id] });
    await expect.poll(() => history(id), { timeout: 20_000 }).toHaveLength(16);
    expect((await history(id)).slice(8)).toEqual([
      ...['3 RETRIED_BY_USER', '3 QUEUED', '3 ASSIGNED', '3 FAILED attempt 2 fails'],
      ...['4 RETRYING', '4 QUEUED', '4 ASSIGNED', '4 FAILED attempt 3 fails'],
    ]);

    const late = await hatchet.runNoWait('late', {}, {});
    await late.output;
    const { taskEvents } = await hatchet.runs.get(await late.getWorkflowRunId());
    const timedOut = taskEvents.find(({ eventType }) => `${eventType}` === 'TIMED_OUT');
    expect(timedOut).toMatchObject({ attempt: 1, message: 'Task exceeded timeout of 1s' });
    expect(await history(await late.getWorkflowRunId())).toEqual([
      ...['1 CREATED', '1 QUEUED', '1 ASSIGNED', '1 TIMED_OUT Task exceeded timeout of 1s', '2 RETRYING'],
      ...['2 QUEUED', '2 ASSIGNED', '2 FINISHED'],
    ]);
  });

  it('lists a task of a DAG once its parents are done', async ({ installation, hatchet, call, runStatus }) => {
    const started = installation.nextWait();
    const ref = await hatchet.runNoWait('gated', {}, {});
    const id = await ref.getWorkflowRunId();
    await started;
    const { tasks, taskEvents, shape } = await hatchet.runs.get(id);
    expect(tasks.map(({ displayName }) => displayName)).toEqual(['gate']);
    expect(new Set(taskEvents.map(({ taskDisplayName }) => taskDisplayName))).toEqual(new Set(['gate']));
    expect(shape.map(({ taskName }) => taskName)).toEqual(['gate', 'behind']);
    const { rows } = await hatchet.runs.list({ workflowNames: ['gated'], onlyTasks: true });
    expect(rows.map(({ displayName }) => displayName)).toEqual(['gate']);
    const behind = shape[1]!.taskExternalId;
    expect(await call('GET', `/api/v1/stable/tasks/${behind}`)).toMatchObject(error(404, 'task not found'));
    await hatchet.runs.cancel({ ids: [id] });
    await runStatus(id).toBe('CANCELLED');
    expect((await hatchet.runs.get(id)).tasks.map(({ displayName }) => displayName)).toEqual(['gate', 'behind']);
  });

  it('lists runs by workflow name, status, metadata and time, in pages', async ({ call, hatchet }) => {
    const mark = randomUUID();
    const metadata = { mark, shop: 'south' };
    const refs = [];
    for (const n of [1, 2, 3]) refs.push(await hatchet.runNoWait('double', { n }, { additionalMetadata: metadata }));
    await Promise.all(refs.map((ref) => ref.output));
    const ids = await Promise.all(refs.map((ref) => ref.getWorkflowRunId()));
    const listed = async (options: Parameters<typeof hatchet.runs.list>[0]) => {
      const { rows, pagination } = await hatchet.runs.list({ additionalMetadata: { mark }, ...options });
      return { ids: rows.map((row) => row.metadata.id), ...pagination };
    };
    expect(await listed({})).toEqual({ ids: ids.toReversed(), current_page: 1, next_page: 1, num_pages: 1 });
    expect(await listed({ limit: 2 })).toEqual({ ids: [ids[2], ids[1]], current_page: 1, next_page: 2, num_pages: 2 });
    expect(await listed({ limit: 2, offset: 2 })).toEqual({
      ids: [ids[0]],
      current_page: 2,
      next_page: 2,
      num_pages: 2,
    });
    expect(await listed({ workflowNames: ['double'] })).toMatchObject({ ids: { length: 3 } });
    expect(await listed({ workflowNames: ['chain'] })).toMatchObject({ ids: [] });
    expect(await listed({ statuses: ['FAILED' as never] })).toMatchObject({ ids: [] });
    expect(await listed({ statuses: ['FAILED' as never, 'COMPLETED' as never] })).toMatchObject({ ids: { length: 3 } });
    expect(await listed({ until: new Date(0) })).toMatchObject({ ids: [] });
    expect(await listed({ since: new Date(Date.now() + 60_000) })).toMatchObject({ ids: [] });

    const list = `/api/v1/stable/tenants/${TENANT}/workflow-runs?additional_metadata=mark:${mark}&additional_metadata=shop:north`;
    expect((await call('GET', list)).body.rows).toHaveLength(4);
    expect((await call('GET', `${list}&additional_metadata_operator=AND`)).body.rows).toHaveLength(0);
  });

  it('shows a run of several tasks with its tasks, and lists each task', async ({ hatchet }) => {
    const ref = await hatchet.runNoWait('chain', {}, {});
    await ref.output;
    const id = await ref.getWorkflowRunId();
    const output = { first: { step: 1 }, second: { after: { step: 1 } } };
    const { run, tasks } = await hatchet.runs.get(id);
    expect(run).toMatchObject({ status: 'COMPLETED', output });
    expect(tasks.map(({ displayName }) => displayName)).toEqual(['first', 'second']);
    const since = new Date(run.metadata.createdAt);
    const { rows } = await hatchet.runs.list({ since, workflowNames: ['chain'] });
    expect(rows).toMatchObject([{ type: 'DAG', taskExternalId: id, output, children: { length: 2 } }]);
    const { rows: only } = await hatchet.runs.list({ since, workflowNames: ['chain'], onlyTasks: true });
    expect(only.map((task) => [task.type, task.displayName, task.workflowRunExternalId])).toEqual(
      expect.arrayContaining([
        ['TASK', 'first', id],
        ['TASK', 'second', id],
      ]),
    );
  });

  it('lists runs by the task that started them, and by worker', async ({ hatchet }) => {
    const ref = await hatchet.runNoWait('parent', {}, {});
    await ref.output;
    const id = await ref.getWorkflowRunId();
    const { rows } = await hatchet.runs.list({ parentTaskExternalId: id });
    expect(rows).toMatchObject([{ displayName: 'double', parentTaskExternalId: id }]);
    expect((await hatchet.runs.get(id)).tasks).toMatchObject([{ numSpawnedChildren: 1 }]);
    const workers = await hatchet.workers.list();
    const byWorker = async (workerId: string) => {
      const page = await hatchet.runs.list({ workerId, workflowNames: ['parent'] });
      return page.rows.map(({ taskExternalId }) => taskExternalId);
    };
    expect(await byWorker(workers.rows![0]!.metadata.id)).toEqual([id]);
    expect(await byWorker(UNKNOWN_ID)).toEqual([]);
  });

  it('starts a run and returns it', async ({ hatchet, trigger, runStatus }) => {
    const { status, body } = await trigger({
      workflowName: 'double',
      input: { n: 4 },
      additionalMetadata: { by: 'rest' },
      priority: 2,
    });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        run: { tenantId: TENANT, input: { n: 4 }, additionalMetadata: { by: 'rest' } },
        tasks: [{ displayName: 'double' }],
      },
    });
    const { id } = body.run.metadata;
    await runStatus(id).toBe('COMPLETED');
    expect((await hatchet.runs.get(id)).run.output).toEqual({ n: 8 });
  });

  it('keeps numbers exact', async ({ call, trigger }) => {
    const { body } = await trigger('{"workflowName":"chain","input":{"big":9007199254740993,"one":1.0}}');
    const { text } = await call('GET', `/api/v1/stable/workflow-runs/${body.run.metadata.id}`);
    expect(text).toContain('"input":{"big":9007199254740993,"one":1.0}');
  });

  it('refuses an invalid trigger at once, with the reason', async ({ trigger }) => {
    expect(await trigger({ workflowName: 'nowhere', input: {} })).toMatchObject(
      error(400, 'workflow names not found: nowhere'),
    );
    expect(await trigger('{')).toMatchObject(error(400, 'the body must be JSON'));
    expect(await trigger({ input: {}, priority: 9 })).toMatchObject({
      status: 400,
      body: { errors: [{ description: expect.stringMatching(/workflowName: .*; priority: /) }] },
    });
  });

  it('cancels a run for the SDK', async ({ installation, hatchet, runStatus }) => {
    const started = installation.nextWait();
    const ref = await hatchet.runNoWait('wait', {}, {});
    const id = await ref.getWorkflowRunId();
    expect(await started).toBe(id);
    await hatchet.runs.cancel({ ids: [id] });
    await runStatus(id).toBe('CANCELLED');
  });

  it('shows that a durable task was evicted, and restores it', async ({ call, hatchet }) => {
    const ref = await hatchet.runNoWait('pause', {}, {});
    const id = await ref.getWorkflowRunId();
    const task = async () => (await call('GET', `/api/v1/stable/tasks/${id}`)).body;
    await expect.poll(task, { timeout: 15_000 }).toMatchObject({ isEvicted: true });
    expect(await task()).toMatchObject({ isDurable: true, status: 'RUNNING' });
    const running = async (filter: string) => {
      const list = `/api/v1/stable/tenants/${TENANT}/workflow-runs?statuses=RUNNING&running_filter=${filter}`;
      const { rows } = (await call('GET', list)).body;
      return rows.map((row: { taskExternalId: string }) => row.taskExternalId);
    };
    expect(await running('EVICTED')).toEqual([id]);
    expect(await running('ON_WORKER')).not.toContain(id);
    expect(await running('ALL')).toContain(id);
    expect((await hatchet.runs.restoreTask(id)).data).toEqual({ requeued: true });
    await hatchet.events.push('resume', {});
    expect(await ref.output).toEqual({ pause: { resumed: true } });
    expect((await hatchet.runs.restoreTask(id)).data).toEqual({ requeued: false });
  });

  it('cancels runs by a filter', async ({ installation, hatchet, runStatus }) => {
    const started = installation.nextWait();
    const mark = randomUUID();
    const ref = await hatchet.runNoWait('wait', {}, { additionalMetadata: { mark } });
    const id = await started;
    expect(id).toBe(await ref.getWorkflowRunId());
    await hatchet.runs.cancel({ filters: { since: new Date(Date.now() - 60_000), additionalMetadata: { mark } } });
    await runStatus(id).toBe('CANCELLED');
  });
});
