import { describe, expect } from 'vitest';
import { error, it, TENANT, UNKNOWN_ID } from './testing/installation.ts';

describe('workers, events, logs, metrics, workflows and errors of the REST API', () => {
  it('lists workers and pauses them', async ({ hatchet }) => {
    const { rows = [] } = await hatchet.workers.list();
    expect(rows).toMatchObject([{ name: 'api-test', status: 'ACTIVE', type: 'SELFHOSTED' }]);
    const { id } = rows[0]!.metadata;
    await hatchet.workers.pause(id);
    expect(await hatchet.workers.isPaused(id)).toBe(true);
    await hatchet.workers.unpause(id);
    expect(await hatchet.workers.get(id)).toMatchObject({ status: 'ACTIVE' });
  });

  it('lists events with the runs that they started', async ({ call, hatchet }) => {
    const { eventId } = await hatchet.events.push(
      'order:placed',
      { order: 1 },
      { additionalMetadata: { shop: 'west' } },
    );
    const events = async () =>
      (await call('GET', `/api/v1/stable/tenants/${TENANT}/events?keys=order:placed`)).body.rows;
    await expect
      .poll(events, { timeout: 20_000 })
      .toMatchObject([{ metadata: { id: eventId }, payload: { order: 1 }, workflowRunSummary: { succeeded: 1 } }]);
    const [{ triggeredRuns }] = await events();
    const { rows } = (
      await call('GET', `/api/v1/stable/tenants/${TENANT}/workflow-runs?triggering_event_external_id=${eventId}`)
    ).body;
    expect(rows.map((row: { metadata: { id: string } }) => ({ workflowRunId: row.metadata.id }))).toEqual(
      triggeredRuns,
    );
  });

  it('shows the tenant', async ({ call }) => {
    expect(await call('GET', `/api/v1/tenants/${TENANT}`)).toMatchObject({
      status: 200,
      body: { name: 'default', slug: 'default', version: 'V1' },
    });
  });

  it('shows an event, and filters events', async ({ call, hatchet }) => {
    const { eventId } = await hatchet.events.push('mark:a', { n: 1 }, { additionalMetadata: { mark: 'a' } });
    await hatchet.events.push('mark:b', {}, { additionalMetadata: { mark: 'b' } });
    const events = `/api/v1/stable/tenants/${TENANT}/events`;
    expect((await call('GET', `${events}/${eventId}`)).body).toMatchObject({ key: 'mark:a', payload: { n: 1 } });
    const keys = async (query: string) =>
      (await call('GET', `${events}?${query}`)).body.rows.map((row: { key: string }) => row.key);
    expect(await keys('keys=mark:a&keys=mark:b')).toEqual(['mark:b', 'mark:a']);
    expect(await keys('additionalMetadata=mark:b')).toEqual(['mark:b']);
    expect(await keys(`eventIds=${eventId}`)).toEqual(['mark:a']);
    expect(await keys('keys=mark:a&workflowRunStatuses=COMPLETED')).toEqual([]);
    expect(await keys('scopes=nowhere')).toEqual([]);
  });

  it('shows and filters the log lines of a task', async ({ installation, hatchet, trigger }) => {
    const { body } = await trigger({ workflowName: 'double', input: { n: 1 } });
    const { id } = body.run.metadata;
    await installation.db.query(
      `INSERT INTO log_line (tenant_id, run_id, task_id, retry_count, level, message, metadata, created_at)
       VALUES ($1, $2, $2, 0, 'INFO', 'charging the card', '{"n": 1}', '2026-01-01T10:00:00Z'),
              ($1, $2, $2, 1, 'ERROR', 'declined', '{}', '2026-01-01T10:00:01Z')`,
      [TENANT, id],
    );
    const messages = async (options?: Parameters<typeof hatchet.logs.list>[1]) =>
      (await hatchet.logs.list(id, options)).rows?.map(({ message }) => message);
    expect((await hatchet.logs.list(id)).rows?.[0]).toMatchObject({ metadata: { n: 1 }, level: 'INFO', attempt: 1 });
    expect(await messages()).toEqual(['charging the card', 'declined']);
    expect(await messages({ orderByDirection: 'DESC' as never })).toEqual(['declined', 'charging the card']);
    expect(await messages({ search: 'CARD' })).toEqual(['charging the card']);
    expect(await messages({ attempt: 2 })).toEqual(['declined']);
    expect(await messages({ levels: ['WARN' as never] })).toEqual([]);
    expect(await messages({ since: new Date('2026-01-01T10:00:01Z'), limit: 1 })).toEqual(['declined']);
  });

  it('counts tasks by status, and lists the ids of runs', async ({ call, trigger, runStatus }) => {
    const since = new Date().toISOString();
    const { body } = await trigger({ workflowName: 'double', input: { n: 1 } });
    const { id } = body.run.metadata;
    await runStatus(id).toBe('COMPLETED');
    const tenant = `/api/v1/stable/tenants/${TENANT}`;
    const metrics = (await call('GET', `${tenant}/task-metrics?since=${since}`)).body;
    expect(metrics).toContainEqual({ status: 'COMPLETED', count: 1 });
    expect(metrics).toContainEqual({ status: 'FAILED', count: 0 });
    const ids = (await call('GET', `${tenant}/workflow-runs/external-ids?since=${since}&statuses=COMPLETED`)).body;
    expect(ids).toEqual([id]);
  });

  it('shows and deletes workflows', async ({ call, hatchet, trigger, runStatus }) => {
    const { rows = [] } = await hatchet.workflows.list({ name: 'chain' });
    const id = rows[0]?.metadata.id ?? '';
    expect(await call('GET', `/api/v1/workflows/${id}`)).toMatchObject({ status: 200, body: { name: 'chain' } });
    expect((await call('GET', `/api/v1/workflows/${id}/versions`)).body).toMatchObject({
      order: 1,
      version: 'v1',
      workflowId: id,
      workflowConfig: { steps: [{ name: 'first' }, { name: 'second' }] },
    });
    const { body: run } = await trigger({ workflowName: 'chain', input: {} });
    await hatchet.workflows.delete('chain');
    await runStatus(run.run.metadata.id).toBe('COMPLETED');
    expect(await call('GET', `/api/v1/workflows/${id}`)).toMatchObject(error(404, 'workflow not found'));
    expect(await trigger({ workflowName: 'chain', input: {} })).toMatchObject({ status: 400 });
    const started = () =>
      hatchet.runNoWait('chain', {}, {}).then(
        () => 'started',
        (reason: Error) => reason.message,
      );
    await expect.poll(started, { timeout: 25_000 }).toContain('workflow names not found: chain');
  });

  it('answers 404 for an unknown id or path, 400 for a bad value, and 501 for an operation that is not implemented', async ({
    call,
  }) => {
    const tenant = `/api/v1/stable/tenants/${TENANT}`;
    expect(await call('GET', `/api/v1/stable/workflow-runs/${UNKNOWN_ID}`)).toMatchObject(
      error(404, 'workflow run not found'),
    );
    expect(await call('GET', '/api/v1/stable/workflow-runs/x')).toMatchObject(
      error(400, 'run in the path must be a UUID'),
    );
    expect(await call('GET', `${tenant}/workflow-runs?limit=0&since=yesterday`)).toMatchObject({ status: 400 });
    expect(await call('GET', `${tenant}/traces?run_external_id=${UNKNOWN_ID}`)).toMatchObject({ status: 404 });
    expect(await call('POST', `${tenant}/tasks/cancel`, {})).toMatchObject(error(400, 'give externalIds or a filter'));
    expect(await call('GET', `${tenant}/webhooks`)).toMatchObject({ status: 501 });
    expect(await call('GET', `/api/v1/tenants/${TENANT}/rate-limits`)).toMatchObject({ status: 501 });
    expect(await call('GET', `${tenant}/workflow-runs?idempotency_keys=x`)).toMatchObject(
      error(400, 'idempotency_keys: is not implemented by this server'),
    );
    expect(await call('GET', '/api/v1/stable/nothing')).toMatchObject(
      error(404, 'there is no GET /api/v1/stable/nothing'),
    );
    expect(await call('POST', `${tenant}/workflow-runs/trigger`, 'x'.repeat(5_000_000))).toMatchObject({ status: 413 });
  });

  it('reports a ready engine', async ({ call }) => {
    expect(await call('GET', '/api/ready')).toMatchObject({ status: 200, body: { database: 'ok', engine: 'ok' } });
  });

  it('answers 503 for commands while the engine is down, and still reads', async ({
    installation,
    call,
    trigger,
    runStatus,
  }) => {
    const { id } = (await trigger({ workflowName: 'double', input: { n: 1 } })).body.run.metadata;
    await runStatus(id).toBe('COMPLETED');
    await installation.worker.stop();
    await installation.engine.process.stop();
    const unavailable = error(503, 'the engine is not available: try again later');
    expect(await trigger({ workflowName: 'double' })).toMatchObject(unavailable);
    expect(await call('POST', `/api/v1/stable/tenants/${TENANT}/tasks/cancel`, { externalIds: [id] })).toMatchObject(
      unavailable,
    );
    expect(await call('GET', `/api/v1/stable/workflow-runs/${id}/status`)).toMatchObject({
      status: 200,
      body: 'COMPLETED',
    });
    expect(await call('GET', '/api/ready')).toMatchObject({ status: 200, body: { engine: 'unreachable' } });
  });
});
