import { selectedSpans } from '@hatchet-ts/storage/traces';
import { renderWaterfall, type SpanAttributes, type SpanKindName } from '@hatchet-ts/waterfall';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_TENANT, type EngineFixture, engineFixture } from '../testing/engine.ts';

/** An engine without telemetry of its own. */
let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

const TRACE = '0af7651916cd43dd8448eb211c80319c';

async function storedSpans(traceId: string) {
  const page = { offset: 0, limit: 100 };
  return (await selectedSpans(engine.db, DEFAULT_TENANT, { traceId }, page))?.rows ?? [];
}

/** Renders the stored spans of a trace, once there are this many. */
async function stored(traceId: string, count: number): Promise<string> {
  await expect.poll(async () => (await storedSpans(traceId)).length, { timeout: 5_000 }).toBe(count);
  const spans = (await storedSpans(traceId)).map((span) => ({
    ...span,
    startTimeUnixNano: span.startTime,
    endTimeUnixNano: span.endTime,
    kind: span.kind as SpanKindName,
    status: span.statusCode,
    attributes: span.attributes as SpanAttributes,
    events: [],
    links: [],
  }));
  return renderWaterfall(spans, { mask: true, order: 'canonical', full: true });
}

test('the engine’s spans of a run are in its tenant’s trace, although the engine exports nothing', async () => {
  const client = await engine.client();
  const workflow = client.workflow({ name: 'stored', onEvents: ['stored:event'] });
  const one = workflow.task({ name: 'one', fn: async () => ({ n: 1 }) });
  workflow.task({
    name: 'two',
    parents: [one],
    retries: 1,
    fn: async (_, ctx) => {
      if (ctx.retryCount() === 0) throw new Error('once');
      throw new Error('no paper');
    },
  });
  await engine.work(client, [workflow]);

  const additionalMetadata = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
  await client.events.push('stored:event', {}, { additionalMetadata });
  expect(await stored(TRACE, 8)).toMatchInlineSnapshot(`
    "(missing parent)
    ├─ hatchet.engine.event stored:event · hatchet-engine
    ├─ hatchet.engine.queued stored/one · hatchet-engine
    ├─ hatchet.engine.queued stored/two · hatchet-engine
    ├─ hatchet.engine.queued stored/two (retry 1) · hatchet-engine
    ├─ hatchet.engine.start_step_run stored/one · hatchet-engine · completed
    ├─ hatchet.engine.start_step_run stored/two · hatchet-engine · ERROR failed
    │     ! once
    ├─ hatchet.engine.start_step_run stored/two (retry 1) · hatchet-engine · ERROR failed
    │     ! no paper
    └─ hatchet.engine.workflow_run stored · hatchet-engine · ERROR failed
          ! no paper"
  `);
  const [span] = await storedSpans(TRACE);
  expect(span).toMatchObject({ kind: 'INTERNAL', serviceName: 'hatchet-engine', parentSpanId: 'b7ad6b7169203331' });
});

test('a run whose trace its caller sampled out, or that has none, stores no span', async () => {
  const client = await engine.client();
  const task = client.task({ name: 'not-stored', fn: async () => ({}) });
  await engine.work(client, [task]);
  const unsampled = '1af7651916cd43dd8448eb211c80319c';
  await task.run({}, { additionalMetadata: { traceparent: `00-${unsampled}-b7ad6b7169203331-00` } });
  await task.run({});
  // The spans of a later run are stored after those of an earlier one.
  const later = '2af7651916cd43dd8448eb211c80319c';
  await task.run({}, { additionalMetadata: { traceparent: `00-${later}-b7ad6b7169203331-01` } });
  await stored(later, 3);
  const { rows } = await engine.db.query(
    `SELECT DISTINCT trace_id FROM span WHERE attributes->>'hatchet.workflow_name' = 'not-stored'`,
  );
  expect(rows).toEqual([{ trace_id: later }]);
});
