import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { stringifyExactly } from '../sql/exact-json.ts';
import { SPAN, TRACE } from '../testing/span.ts';
import { type SpanOwner, selectedSpans, storeSpans } from './index.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const OTHER_TENANT = '22222222-2222-4222-8222-222222222222';
const RUN = '33333333-3333-4333-8333-333333333333';
const TASK = '44444444-4444-4444-8444-444444444444';
const WORKFLOW = '55555555-5555-4555-8555-555555555555';
const ATTEMPT_TRACE = '1bf7651916cd43dd8448eb211c80319d';

const tenant: SpanOwner = { scope: 'tenant', tenantId: TENANT };
const operator: SpanOwner = { scope: 'operator' };

describe('stored spans', () => {
  let temporary: TemporaryDatabase;
  let database: Database;

  beforeAll(async () => {
    temporary = await temporaryDatabase();
    database = new Database(temporary.url, { applicationName: 'traces test' });
    await migrate(database);
    await database.query(`INSERT INTO tenant (id, name, slug) VALUES ($1, 'other', 'other')`, [OTHER_TENANT]);
    await database.query(
      `INSERT INTO run (id, tenant_id, workflow_id, workflow_version_id, workflow_name, status, priority, input,
                        additional_metadata, created_at, trace_id)
       VALUES ($1, $2, $3, $3, 'order', 'COMPLETED', 1, '{}', '{}', now(), $4)`,
      [RUN, TENANT, WORKFLOW, TRACE],
    );
    await database.query(
      `INSERT INTO task (id, run_id, tenant_id, step, name, action, status, priority, timeout_ms, created_at)
       VALUES ($1, $2, $3, 0, 'pay', 'order:pay', 'COMPLETED', 1, 60000, now())`,
      [TASK, RUN, TENANT],
    );
  });

  afterAll(async () => {
    await database.close();
    await temporary.drop();
  });

  const names = async (tenantId: string, externalId = RUN) => {
    const trace = await selectedSpans(database, tenantId, { runId: externalId }, { offset: 0, limit: 100 });
    return trace?.rows.map((row) => row.name);
  };

  it('are returned complete: integers beyond 2^53, events, links, status and times to the nanosecond', async () => {
    const refused = await storeSpans(database, tenant, [
      {
        ...SPAN,
        parentSpanId: 'a7ad6b7169203331',
        name: 'whole',
        statusCode: 'ERROR',
        statusMessage: 'card declined',
        attributes: { big: 2n ** 60n + 1n, half: 0.5, yes: true, list: ['a', 2n], text: 'x"\\', __proto__own: null },
        resourceAttributes: { 'service.name': 'orders' },
        events: [
          { name: 'exception', timeUnixNano: '1700000000000000100', attributes: { at: 1n }, droppedAttributesCount: 0 },
        ],
        links: [
          {
            traceId: ATTEMPT_TRACE,
            spanId: 'c7ad6b7169203331',
            flags: 1,
            attributes: { n: 1n },
            droppedAttributesCount: 0,
          },
        ],
      },
    ]);
    expect(refused).toEqual([]);
    const trace = await selectedSpans(database, TENANT, { runId: RUN }, { offset: 0, limit: 10 });
    expect(trace).toMatchObject({
      total: 1,
      rows: [
        {
          traceId: TRACE,
          spanId: 'b7ad6b7169203331',
          parentSpanId: 'a7ad6b7169203331',
          name: 'whole',
          kind: 'INTERNAL',
          serviceName: 'orders',
          statusCode: 'ERROR',
          statusMessage: 'card declined',
          scopeName: 'scope',
          scopeVersion: '1.2.3',
          retryCount: 0,
          startTime: 1_700_000_000_000_000_001n,
          endTime: 1_700_000_000_000_000_501n,
          resourceAttributes: { 'service.name': 'orders' },
          truncated: false,
        },
      ],
    });
    const [{ attributes, events, links } = SPAN] = trace?.rows ?? [];
    expect(stringifyExactly([attributes, events[0]?.attributes, links[0]?.attributes])).toBe(
      '[{"big":1152921504606846977,"yes":true,"half":0.5,"list":["a",2],"text":"x\\"\\\\","__proto__own":null},{"at":1},{"n":1}]',
    );
    expect([events[0]?.name, links[0]?.traceId]).toEqual(['exception', ATTEMPT_TRACE]);
  });

  it('stay unchanged when they are delivered again, even twice in one delivery', async () => {
    const again = { ...SPAN, name: 'again' };
    await storeSpans(database, tenant, [again, again]);
    expect(await names(TENANT)).toEqual(['whole']);
  });

  it('are found by the id of their run or task, and not by an unknown id', async () => {
    expect(await names(TENANT, TASK)).toEqual(['whole']);
    expect(await names(TENANT, WORKFLOW)).toBeUndefined();
  });

  it('of an attempt in a separate trace belong to the run that the attempt names, with all their descendants', async () => {
    const attempt = {
      ...SPAN,
      traceId: ATTEMPT_TRACE,
      name: 'attempt',
      startTime: SPAN.startTime + 1n,
      attributes: { 'hatchet.workflow_run_id': RUN, 'hatchet.step_run_id': TASK, 'hatchet.retry_count': 2n },
    };
    const below = {
      ...attempt,
      spanId: 'd7ad6b7169203331',
      name: 'below',
      startTime: attempt.startTime + 1n,
      attributes: {},
    };
    await storeSpans(database, tenant, [below, attempt]);
    expect(await names(TENANT)).toEqual(['whole', 'attempt', 'below']);
    const trace = await selectedSpans(database, TENANT, { runId: RUN }, { offset: 1, limit: 1 });
    expect(trace).toMatchObject({ total: 3, rows: [{ name: 'attempt', retryCount: 2 }] });
  });

  it('of another tenant stay invisible, whatever they claim, and do not replace the real spans', async () => {
    const other: SpanOwner = { scope: 'tenant', tenantId: OTHER_TENANT };
    const forged = { 'hatchet.tenant_id': TENANT, 'hatchet.run/tenant.id': TENANT, 'hatchet.workflow_run_id': RUN };
    await storeSpans(database, other, [{ ...SPAN, spanId: 'e7ad6b7169203331', name: 'forged', attributes: forged }]);
    await storeSpans(database, tenant, [
      { ...SPAN, spanId: 'e7ad6b7169203331', name: 'real', startTime: SPAN.startTime + 9n },
    ]);
    expect(await names(TENANT)).toEqual(['whole', 'attempt', 'below', 'real']);
    expect(await names(OTHER_TENANT)).toBeUndefined();
  });

  it('of the operator are visible to the tenant that they name, and to no tenant if they name none', async () => {
    const service = { ...SPAN, startTime: SPAN.startTime + 10n };
    await storeSpans(database, operator, [
      { ...service, spanId: '0000000000000001', name: 'service', attributes: { 'hatchet.run/tenant.id': TENANT } },
      { ...service, spanId: '0000000000000002', name: 'engine', attributes: { 'hatchet.tenant_id': TENANT } },
      { ...service, spanId: '0000000000000003', name: 'other', attributes: { 'hatchet.run/tenant.id': OTHER_TENANT } },
      { ...service, spanId: '0000000000000004', name: 'nobody', attributes: {} },
      { ...service, spanId: '0000000000000005', name: 'malformed', attributes: { 'hatchet.tenant_id': 'me' } },
    ]);
    expect(await names(TENANT)).toEqual(['whole', 'attempt', 'below', 'real', 'service', 'engine']);
  });

  it('that PostgreSQL rejects are returned, and all others of the delivery are stored', async () => {
    const good = Array.from({ length: 5 }, (_, index) => ({
      ...SPAN,
      spanId: `00000000000001${index}0`,
      name: 'good',
    }));
    const bad = { ...SPAN, spanId: 'ffffffffffffffff', statusMessage: 'nul \0' };
    expect(await storeSpans(database, operator, good.toSpliced(3, 0, bad))).toEqual([bad]);
    const { rowCount } = await database.query(`SELECT FROM span WHERE name = 'good'`);
    expect(rowCount).toBe(5);
  });

  it('are not rejected when the database is unavailable', async () => {
    const away = new Database('postgres://nobody:x@127.0.0.1:1/none', { applicationName: 'traces test' });
    await expect(storeSpans(away, tenant, [SPAN])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await away.close();
  });
});
