import { storeSpans } from '@hatchet-ts/storage/traces';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { error, type Installation, NOBODY, OTHER_TENANT, startInstallation, TENANT } from './installation.fixture.ts';

describe('the rest of the REST API, with the engine and the official SDK', () => {
  let installation: Installation;
  let call: Installation['call'];
  let hatchet: Installation['hatchet'];

  beforeAll(async () => {
    installation = await startInstallation();
    ({ call, hatchet } = installation);
  });

  afterAll(() => installation?.stop());

  const trigger = (body: unknown, bearer?: string) =>
    call('POST', `/api/v1/stable/tenants/${TENANT}/workflow-runs/trigger`, body, bearer);
  const finished = (runId: string) => expect.poll(() => hatchet.runs.get_status(runId), { timeout: 20_000 });

  it('lists workers and pauses them', async () => {
    const { rows = [] } = await hatchet.workers.list();
    expect(rows).toMatchObject([{ name: 'api-test', status: 'ACTIVE', type: 'SELFHOSTED' }]);
    const { id } = rows[0]!.metadata;
    await hatchet.workers.pause(id);
    expect(await hatchet.workers.isPaused(id)).toBe(true);
    await hatchet.workers.unpause(id);
    expect(await hatchet.workers.get(id)).toMatchObject({ status: 'ACTIVE' });
  });

  it('lists events with the runs that they started', async () => {
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

  it('shows the spans of a run in pages, and lists the runs of a trace', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const ref = await hatchet.runNoWait('double', { n: 1 }, { additionalMetadata: { traceparent } });
    await ref.output;
    const id = await ref.getWorkflowRunId();
    await storeSpans(
      installation.db,
      { scope: 'tenant', tenantId: TENANT },
      ['00000000000000a1', '00000000000000a2', '00000000000000a3'].map((spanId, index) =>
        span(traceId, spanId, BigInt(index)),
      ),
    );
    const page = (query: string, bearer?: string, tenant = TENANT) =>
      call('GET', `/api/v1/stable/tenants/${tenant}/traces?run_external_id=${id}${query}`, undefined, bearer);
    expect((await page('&offset=2&limit=2')).body).toMatchObject({
      pagination: { current_page: 2, next_page: 2, num_pages: 2 },
      rows: [{ traceId, spanId: '00000000000000a3', startTimeUnixNano: '2', events: [], links: [] }],
    });
    expect(await page('', installation.tokens.other, OTHER_TENANT)).toMatchObject(error(404, 'workflow run not found'));
    const { rows } = (await call('GET', `/api/v1/stable/tenants/${TENANT}/workflow-runs?trace_id=${traceId}`)).body;
    expect(rows).toMatchObject([{ metadata: { id } }]);
  });

  it('shows a tenant nothing of another one', async () => {
    const { id } = (await trigger({ workflowName: 'double', input: { n: 1 } })).body.run.metadata;
    const { metadata } = (await hatchet.workers.list()).rows![0]!;
    const asOther = (method: string, path: string, body?: unknown) =>
      call(method, path, body, installation.tokens.other);
    expect(await asOther('GET', `/api/v1/stable/workflow-runs/${id}`)).toMatchObject({ status: 404 });
    expect(await asOther('GET', `/api/v1/stable/workflow-runs/${id}/status`)).toMatchObject({ status: 404 });
    expect(await asOther('GET', `/api/v1/stable/tasks/${id}`)).toMatchObject({ status: 404 });
    expect(await asOther('GET', `/api/v1/workers/${metadata.id}`)).toMatchObject({ status: 404 });
    expect(await asOther('PATCH', `/api/v1/workers/${metadata.id}`, { isPaused: true })).toMatchObject({ status: 404 });
    for (const list of [
      'stable/tenants/T/workflow-runs',
      'stable/tenants/T/events',
      'tenants/T/worker',
      'tenants/T/workflows',
    ]) {
      const path = `/api/v1/${list.replace('T', OTHER_TENANT)}`;
      expect(await asOther('GET', path)).toMatchObject({ status: 200, body: { rows: [] } });
      expect(await asOther('GET', path.replace(OTHER_TENANT, TENANT))).toMatchObject(
        error(403, 'the token belongs to another tenant than the path'),
      );
    }
    expect(await trigger({ workflowName: 'double' }, installation.tokens.other)).toMatchObject({ status: 403 });
  });

  it('refuses who has no token of a tenant', async () => {
    const path = `/api/v1/tenants/${TENANT}`;
    expect(await call('GET', path)).toMatchObject({
      status: 200,
      body: { name: 'default', slug: 'default', version: 'V1' },
    });
    expect(await call('GET', path, undefined, '')).toMatchObject({ status: 401 });
    expect(await call('GET', path, undefined, `${installation.tokens.tenant}x`)).toMatchObject({ status: 401 });
    expect(await call('GET', path, undefined, installation.tokens.operator)).toMatchObject({ status: 403 });
    expect(installation.api.output()).not.toContain(installation.tokens.tenant.slice(-20));
  });

  it('says what it does not know and what it does not implement', async () => {
    const tenant = `/api/v1/stable/tenants/${TENANT}`;
    expect(await call('GET', `/api/v1/stable/workflow-runs/${NOBODY}`)).toMatchObject(
      error(404, 'workflow run not found'),
    );
    expect(await call('GET', '/api/v1/stable/workflow-runs/x')).toMatchObject(
      error(400, 'run in the path must be a UUID'),
    );
    expect(await call('GET', `${tenant}/workflow-runs?limit=0&since=yesterday`)).toMatchObject({ status: 400 });
    expect(await call('GET', `${tenant}/traces?run_external_id=${NOBODY}`)).toMatchObject({ status: 404 });
    expect(await call('POST', `${tenant}/tasks/cancel`, {})).toMatchObject(error(400, 'give externalIds or a filter'));
    expect(await call('POST', `${tenant}/tasks/replay`, {})).toMatchObject({ status: 501 });
    expect(await call('GET', `/api/v1/tenants/${TENANT}/workflows/crons`)).toMatchObject({ status: 501 });
    expect(await call('GET', '/api/v1/stable/nothing')).toMatchObject(
      error(404, 'there is no GET /api/v1/stable/nothing'),
    );
    expect(await call('POST', `${tenant}/workflow-runs/trigger`, 'x'.repeat(5_000_000))).toMatchObject({ status: 413 });
  });

  it('reports a ready engine', async () => {
    expect(await call('GET', '/api/ready')).toMatchObject({ status: 200, body: { database: 'ok', engine: 'ok' } });
  });

  it('answers 503 for commands while the engine is away, and goes on reading', async () => {
    const { id } = (await trigger({ workflowName: 'double', input: { n: 1 } })).body.run.metadata;
    await finished(id).toBe('COMPLETED');
    await installation.worker.stop();
    await installation.engine.stop();
    const away = error(503, 'the engine is not available: try again later');
    expect(await trigger({ workflowName: 'double' })).toMatchObject(away);
    expect(await call('POST', `/api/v1/stable/tenants/${TENANT}/tasks/cancel`, { externalIds: [id] })).toMatchObject(
      away,
    );
    expect(await call('GET', `/api/v1/stable/workflow-runs/${id}/status`)).toMatchObject({
      status: 200,
      body: 'COMPLETED',
    });
    expect(await call('GET', '/api/ready')).toMatchObject({ status: 200, body: { engine: 'unreachable' } });
  });
});

function span(traceId: string, spanId: string, startTime: bigint) {
  return {
    traceId,
    spanId,
    flags: 1,
    name: 'span',
    kind: 'INTERNAL' as const,
    serviceName: 'test',
    scopeName: 'test',
    scopeVersion: '1',
    startTime,
    endTime: startTime + 1n,
    statusCode: 'UNSET' as const,
    attributes: {},
    resourceAttributes: {},
    events: [],
    links: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
