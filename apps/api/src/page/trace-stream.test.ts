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

/** Id of the last event that {@link read} has received. */
let lastId = '';

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
      if (!field('event') && !field('id')) continue;
      if (field('id')) lastId = field('id');
      const event = { event: field('event') || 'cursor', data: JSON.parse(field('data') || 'null') };
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
  const runId = await finishedRun(installation, traceId);
  const late = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await store(installation, traceId, 'late');
  };
  const events = await read(installation, `?run_external_id=${runId}`, ({ event }) => event === 'spans', late);
  expect(events.map(({ event }) => event)).toEqual(['run', 'tasks', 'cursor', 'run', 'spans']);
  expect(events[1]!.data).toEqual({ tasks: [] });
  expect(events.at(-1)!.data).toMatchObject([{ traceId, spanName: 'late' }]);
});

it('continues after the spans that the client has: those of a page, or of a stream that it lost', async ({
  installation,
  call,
}) => {
  const traceId = '1af7651916cd43dd8448eb211c80319d';
  const runId = await finishedRun(installation, traceId);
  const traces = `/api/v1/stable/tenants/${TENANT}/traces?run_external_id=${runId}`;
  await store(installation, traceId, 'loaded');
  const { body } = await call('GET', traces);
  expect(body.rows.map((row: { spanName: string }) => row.spanName)).toEqual(['loaded']);
  await store(installation, traceId, 'second');
  const isSpans = ({ event }: Event) => event === 'spans';
  const after = await read(installation, `?run_external_id=${runId}&after=${body.cursor}`, isSpans);
  expect(after.at(-1)!.data).toMatchObject([{ spanName: 'second' }]);

  await read(installation, `?run_external_id=${runId}&after=${body.cursor}`, ({ event }) => event === 'cursor');
  await store(installation, traceId, 'third');
  const again = await read(installation, `?run_external_id=${runId}&after=${lastId}`, isSpans);
  expect(again.at(-1)!.data).toMatchObject([{ spanName: 'third' }]);
});

async function finishedRun({ hatchet }: Installation, traceId: string): Promise<string> {
  // Sampled out by its caller: the engine adds no spans of its own.
  const additionalMetadata = { traceparent: `00-${traceId}-b7ad6b7169203331-00` };
  const ref = await hatchet.runNoWait('double', { n: 1 }, { additionalMetadata });
  await ref.output;
  return ref.getWorkflowRunId();
}

let number = 0;
async function store({ db }: Installation, traceId: string, name: string): Promise<void> {
  const spanId = (++number).toString(16).padStart(16, '0');
  const span = { traceId, spanId, name, kind: 'INTERNAL' as const, traceState: '', statusCode: 'UNSET' as const };
  const more = { serviceName: 'test', scopeName: '', scopeVersion: '', startTime: 1n, endTime: 2n, flags: 1 };
  const empty = { attributes: {}, resourceAttributes: {}, events: [], links: [] };
  const counts = { droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 };
  await storeSpans(db, { scope: 'tenant', tenantId: TENANT }, [{ ...span, ...more, ...empty, ...counts }]);
}

it.for([
  ['an unknown run', `?run_external_id=${UNKNOWN_ID}`, 404],
  ['an id that is not a UUID', '?run_external_id=1', 400],
  ['a cursor that is none', `?run_external_id=${UNKNOWN_ID}&after=now`, 400],
] as const)('refuses %s', async ([, query, status], { installation }) => {
  expect((await open(installation, TENANT, query)).status).toBe(status);
});

it('refuses the token of another tenant', async ({ installation }) => {
  expect((await open(installation, OTHER_TENANT, '')).status).toBe(403);
});
