import { storeSpans } from '@hatchet-ts/storage/traces';
import { spansFromOtlpJson } from '@hatchet-ts/waterfall';
import { describe, expect } from 'vitest';
import { error, it, OTHER_TENANT, TENANT } from './testing/installation.ts';

describe('traces over REST', () => {
  it('shows the spans of a run in pages, and lists the runs of a trace', async ({ installation, call, hatchet }) => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    // Sampled out by its caller: the engine adds no spans of its own.
    const traceparent = `00-${traceId}-b7ad6b7169203331-00`;
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

    const traces = `/api/v1/stable/tenants/${TENANT}/traces`;
    const byTrace = (await call('GET', `${traces}?trace_id=${traceId}`)).body;
    expect(byTrace.rows.map((row: { spanId: string }) => row.spanId)).toEqual([
      '00000000000000a1',
      '00000000000000a2',
      '00000000000000a3',
    ]);
    expect(await call('GET', `${traces}?trace_id=${traceId}&run_external_id=${id}`)).toMatchObject({ status: 400 });
    expect(await call('GET', `${traces}?trace_id=${'0'.repeat(32)}`)).toMatchObject(error(404, 'trace not found'));

    const listed = (await call('GET', traces)).body.rows;
    expect(listed).toContainEqual(
      expect.objectContaining({
        workflowRunExternalId: id,
        status: 'COMPLETED',
        traceId,
        spanCount: 3,
        errorCount: 1,
        durationMs: expect.any(Number),
      }),
    );
    const found = async (query: string) =>
      (await call('GET', `${traces}?${query}`)).body.rows.map(
        (row: { workflowRunExternalId: string }) => row.workflowRunExternalId,
      );
    for (const query of [
      'text=DOUB',
      `text=${id}`,
      `text=${traceId}`,
      'text=b7ad6b7169203331', // in its metadata
      'workflow_names=double&statuses=COMPLETED',
    ]) {
      expect(await found(query), query).toEqual([id]);
    }
    for (const query of ['text=nothing', 'workflow_names=other', 'text=%25', `text=${'0'.repeat(32)}`]) {
      expect(await found(query), query).toEqual([]);
    }
    const { rows } = (await call('GET', `/api/v1/stable/tenants/${TENANT}/workflow-runs?trace_id=${traceId}`)).body;
    expect(rows).toMatchObject([{ metadata: { id } }]);
  });

  it('shows spans of services with the tenant’s id to that tenant only', async ({ installation, call }) => {
    const traceId = '2cf7651916cd43dd8448eb211c80319e';
    const forTenant = { 'hatchet.run/tenant.id': TENANT };
    await storeSpans(installation.db, { scope: 'tenant', tenantId: TENANT }, [span(traceId, '00000000000000c1', 1n)]);
    await storeSpans(installation.db, { scope: 'operator' }, [
      { ...span(traceId, '00000000000000c2', 2n), name: 'engine', attributes: forTenant },
      { ...span(traceId, '00000000000000c3', 3n), name: 'of no tenant' },
    ]);
    const trace = (tenant: string, bearer?: string) =>
      call('GET', `/api/v1/stable/tenants/${tenant}/traces?trace_id=${traceId}`, undefined, bearer);
    const { body } = await trace(TENANT);
    expect(body.rows.map((row: { spanName: string }) => row.spanName)).toEqual(['span', 'engine']);
    expect(await trace(OTHER_TENANT, installation.tokens.other)).toMatchObject(error(404, 'trace not found'));
  });

  it('downloads a trace as OTLP JSON that the trace viewer reads', async ({ installation, call }) => {
    const traceId = '1bf7651916cd43dd8448eb211c80319d';
    const attributes = { text: 'x', whole: 2n ** 60n, half: 0.5, yes: true, list: ['a', 1n], map: { k: null } };
    await storeSpans(installation.db, { scope: 'tenant', tenantId: TENANT }, [
      { ...span(traceId, '00000000000000b1', 5n), attributes },
    ]);
    const path = `/api/v1/stable/tenants/${TENANT}/traces/otlp`;
    const { text } = await call('GET', `${path}?trace_id=${traceId}`);
    expect(spansFromOtlpJson(text)).toMatchObject([
      { traceId, name: 'span', serviceName: 'unknown_service', startTimeUnixNano: 5n, status: 'UNSET' },
    ]);
    expect(JSON.parse(text).resourceSpans[0].scopeSpans[0].spans[0].attributes).toEqual(
      expect.arrayContaining([
        { key: 'whole', value: { intValue: '1152921504606846976' } },
        { key: 'half', value: { doubleValue: 0.5 } },
        { key: 'yes', value: { boolValue: true } },
        { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } } },
        { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: {} }] } } },
      ]),
    );
    expect(await call('GET', path)).toMatchObject(error(400, 'give run_external_id or trace_id'));
  });

  it('downloads a trace of any size whole, with nothing left out', async ({ installation, call }) => {
    const traceId = '4bf7651916cd43dd8448eb211c80319d';
    const owner = { scope: 'tenant', tenantId: TENANT } as const;
    const id = (n: number) => n.toString(16).padStart(16, '0');
    const text = 'x'.repeat(3_000_000);
    // more than a page of the list: 10,000 spans, 32 MiB
    const small = Array.from({ length: 10_100 }, (_, n) => span(traceId, id(n + 1), BigInt(n)));
    for (let n = 0; n < small.length; n += 1_000) await storeSpans(installation.db, owner, small.slice(n, n + 1_000));
    for (let n = 0; n < 12; n++) {
      await storeSpans(installation.db, owner, [{ ...span(traceId, id(99_990 + n), 1n), attributes: { text } }]);
    }
    const path = `/api/v1/stable/tenants/${TENANT}/traces/otlp?trace_id=${traceId}`;
    const spans = spansFromOtlpJson((await call('GET', path)).text);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(10_112);
    expect(spans.filter(({ attributes }) => attributes.text === text)).toHaveLength(12);
  });

  it('leaves the services’ own spans out of a trace on request', async ({ installation, call }) => {
    const traceId = '5bf7651916cd43dd8448eb211c80319d';
    const attributes = { 'hatchet.tenant_id': TENANT };
    await storeSpans(installation.db, { scope: 'operator' }, [
      { ...span(traceId, '00000000000000c1', 1n), name: 'hatchet.run/queue', attributes },
      { ...span(traceId, '00000000000000c2', 2n), name: 'hatchet.engine.queued', attributes },
    ]);
    const names = async (query: string) =>
      (await call('GET', `/api/v1/stable/tenants/${TENANT}/traces?trace_id=${traceId}${query}`)).body.rows.map(
        ({ spanName }: { spanName: string }) => spanName,
      );
    expect(await names('')).toEqual(['hatchet.run/queue', 'hatchet.engine.queued']);
    expect(await names('&include_service_spans=false')).toEqual(['hatchet.engine.queued']);
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
    statusCode: spanId.endsWith('2') ? ('ERROR' as const) : ('UNSET' as const),
    attributes: {},
    resourceAttributes: {},
    events: [],
    links: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
