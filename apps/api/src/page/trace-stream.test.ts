import { storeSpans } from '@hatchet-ts/storage/traces';
import { expect } from 'vitest';
import { type Installation, it, OTHER_TENANT, TENANT, UNKNOWN_ID } from '../testing/installation.ts';

interface Event {
  event: string;
  data: unknown;
}

function open({ api, tokens }: Installation, tenant: string, path: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`http://${api.address}/api/v1/stable/tenants/${tenant}/traces/stream${path}`, {
    headers: { authorization: `Bearer ${tokens.tenant}` },
    ...(signal && { signal }),
  });
}

/** Reads events until one satisfies the condition, and closes the stream. */
async function read(
  installation: Installation,
  path: string,
  until: (event: Event) => boolean,
  begin = async () => {},
): Promise<Event[]> {
  const closing = new AbortController();
  const response = await open(installation, TENANT, path, closing.signal);
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const events: Event[] = [];
  let text = '';
  const begun = begin();
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1] ?? '';
      if (!field('event')) continue;
      const event = { event: field('event'), data: JSON.parse(field('data')) };
      events.push(event);
      if (!until(event)) continue;
      await begun;
      closing.abort();
      return events;
    }
  }
  throw new Error(`the stream ended after ${JSON.stringify(events)}`);
}

it('sends each run that is new or has changed', async ({ installation }) => {
  const start = async () => {
    // after the first poll, which only sets the base
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await (await installation.hatchet.runNoWait('double', { n: 1 }, {})).output;
  };
  const events = await read(
    installation,
    '',
    ({ data }) => (data as { outcome: string }).outcome === 'completed',
    start,
  );
  expect(events.at(-1)).toMatchObject({
    event: 'run',
    data: { workflowName: 'double', displayName: 'double', outcome: 'completed', queuedMs: expect.any(Number) },
  });
});

it('sends one run, its open tasks, and the spans of its trace as they arrive', async ({ installation }) => {
  const traceId = '0af7651916cd43dd8448eb211c80319d';
  const ref = await installation.hatchet.runNoWait(
    'double',
    { n: 1 },
    { additionalMetadata: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } },
  );
  await ref.output;
  const runId = await ref.getWorkflowRunId();
  const late = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const span = { traceId, spanId: '00000000000000b1', name: 'late', kind: 'INTERNAL' as const };
    const more = { serviceName: 'test', scopeName: '', scopeVersion: '', startTime: 1n, endTime: 2n, flags: 1 };
    const empty = { attributes: {}, resourceAttributes: {}, events: [], links: [] };
    const counts = { droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 };
    const record = { ...span, ...more, ...empty, ...counts, traceState: '', statusCode: 'UNSET' as const };
    await storeSpans(installation.db, { scope: 'tenant', tenantId: TENANT }, [record]);
  };
  const events = await read(installation, `?run_external_id=${runId}`, ({ event }) => event === 'spans', late);
  expect(events.map(({ event }) => event)).toEqual(['run', 'tasks', 'run', 'spans']);
  expect(events[1]!.data).toEqual({ tasks: [] });
  expect(events.at(-1)!.data).toMatchObject([{ traceId, spanName: 'late' }]);
});

it.for([
  ['an unknown run', `?run_external_id=${UNKNOWN_ID}`, 404],
  ['an id that is not a UUID', '?run_external_id=1', 400],
] as const)('refuses %s', async ([, query, status], { installation }) => {
  expect((await open(installation, TENANT, query)).status).toBe(status);
});

it('refuses the token of another tenant', async ({ installation }) => {
  expect((await open(installation, OTHER_TENANT, '')).status).toBe(403);
});
