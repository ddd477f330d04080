import type { Database } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { putWorkflow } from '@hatchet-ts/storage/workflows';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EngineInstallation, startEngine, TENANT } from './testing/installation.ts';
import { startService } from './testing/service-process.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const REMOTE = 'b7ad6b7169203331';
const TRIGGER = `/api/v1/stable/tenants/${TENANT}/workflow-runs/trigger`;
const TRACEPARENT = { traceparent: `00-${TRACE}-${REMOTE}-01` };

describe('spans of the API', () => {
  let installation: EngineInstallation;
  let db: Database;
  let environment: Record<string, string>;
  let token: string;

  beforeAll(async () => {
    installation = await startEngine();
    ({ db } = installation);
    await putWorkflow(db, TENANT, 'order', { description: '', defaultPriority: 1, eventKeys: [], steps: [STEP] });
    const { address } = installation.engine;
    const addresses = { serverUrl: 'http://127.0.0.1:1', grpcAddress: address };
    token = await issueToken(db, { tenantId: TENANT, ...addresses });
    environment = {
      DATABASE_URL: installation.databaseUrl,
      SERVER_PORT: '0',
      SERVER_GRPC_BROADCAST_ADDRESS: address,
      SERVER_OTEL_COLLECTOR_URL: address,
      SERVER_OTEL_INSECURE: 'true',
      SERVER_OTEL_SERVICE_NAME: 'api',
      SERVER_OTEL_COLLECTOR_AUTH: `Bearer ${await issueToken(db, { scope: 'operator', ...addresses })}`,
    };
  });

  beforeEach(() => db.query('TRUNCATE span, run CASCADE'));

  afterAll(() => installation?.stop());

  /** Triggers a run at an API service with this environment, and stops the service, so that its spans are exported. */
  async function trigger(headers: Record<string, string>, more: Record<string, string> = {}, additionalMetadata = {}) {
    const api = await startService('api', { ...environment, ...more });
    const request = (path: string, init?: RequestInit) => fetch(`http://${api.address}${path}`, init);
    await request('/api/live');
    await request('/api/ready');
    const response = await request(TRIGGER, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify({ workflowName: 'order', input: {}, additionalMetadata }),
    });
    expect(response.status).toBe(200);
    const { run } = (await response.json()) as { run: { metadata: { id: string }; additionalMetadata: object } };
    await api.process.stop();
    return run;
  }

  const spans = async () =>
    (
      await db.query(
        `SELECT name, kind, span_id AS id, parent_span_id AS parent, trace_id AS trace, tenant_id AS tenant FROM span
         WHERE name NOT LIKE 'pg%' ORDER BY start_time`,
      )
    ).rows;

  it('continue the caller’s trace, are the parents of the run, and belong to the tenant', async () => {
    const run = await trigger(TRACEPARENT);
    const [server, producer, ...others] = await spans();
    expect(others).toEqual([]);
    expect(server).toMatchObject({
      name: 'POST /api/v1/stable/tenants/:tenant/workflow-runs/trigger',
      kind: 'SERVER',
      trace: TRACE,
      parent: REMOTE,
      tenant: TENANT,
    });
    expect(producer).toMatchObject({
      name: 'hatchet.run_workflow',
      kind: 'PRODUCER',
      trace: TRACE,
      parent: server?.id,
      tenant: TENANT,
    });
    expect(run.additionalMetadata).toMatchObject({ traceparent: `00-${TRACE}-${producer?.id}-01` });
    const { rows } = await db.query('SELECT trace_id AS trace FROM run');
    expect(rows).toEqual([{ trace: TRACE }]);
  });

  it('continue the trace in the run’s metadata if the headers have none', async () => {
    const run = await trigger({}, {}, TRACEPARENT);
    const [server, producer] = await spans();
    expect(server).toMatchObject({ kind: 'SERVER', trace: TRACE, parent: REMOTE, tenant: TENANT });
    expect(producer).toMatchObject({ kind: 'PRODUCER', trace: TRACE, parent: server?.id });
    expect(run.additionalMetadata).toMatchObject(TRACEPARENT);
  });

  it('continue the trace to which a run with the relation link is linked, and keep its link', async () => {
    const linked = { hatchet__trace_relation: 'link', hatchet__link_traceparent: TRACEPARENT.traceparent };
    const run = await trigger({}, {}, linked);
    const [server] = await spans();
    expect(server).toMatchObject({ kind: 'SERVER', trace: TRACE, parent: REMOTE });
    expect(run.additionalMetadata).toMatchObject(linked);
    const { rows } = await db.query('SELECT trace_id AS trace FROM run');
    expect(rows).not.toEqual([{ trace: TRACE }]);
  });

  it('have database spans as children, which belong to the tenant, too', async () => {
    await trigger(TRACEPARENT);
    const { rows } = await db.query(
      `SELECT DISTINCT query.kind, query.tenant_id AS tenant, parent.kind AS below FROM span query
       JOIN span parent ON parent.span_id = query.parent_span_id WHERE query.name LIKE 'pg%'`,
    );
    expect(rows).toContainEqual({ kind: 'CLIENT', tenant: TENANT, below: 'SERVER' });
  });

  it('are transparent if they are sampled out: the run has the caller’s context', async () => {
    const run = await trigger(TRACEPARENT, { SERVER_OTEL_TRACE_ID_RATIO: '0' });
    expect(run.additionalMetadata).toMatchObject(TRACEPARENT);
    expect(await spans()).toEqual([]);
  });

  it('leave the metadata of a run unchanged if their trace starts here and is sampled out', async () => {
    const run = await trigger({}, { SERVER_OTEL_TRACE_ID_RATIO: '0' }, { shop: 'north' });
    expect(run.additionalMetadata).toEqual({ shop: 'north' });
    expect(await spans()).toEqual([]);
  });
});

const STEP = {
  name: 'order',
  action: 'order:order',
  kind: 'task' as const,
  parents: [],
  timeout: { ms: 60_000, text: '60s' },
  scheduleTimeout: { ms: 60_000, text: '60s' },
  retries: 0,
  slots: { default: 1 },
};
