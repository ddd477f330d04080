import { expect } from 'vitest';
import { it, TENANT } from '../testing/database.ts';
import { SPAN } from '../testing/span.ts';
import { countSpans, type SpanRecord, storeSpans } from './index.ts';

const PARENT = '33333333-3333-4333-8333-333333333331';
const CHILD = '33333333-3333-4333-8333-333333333332';
const OF_EVENT = '33333333-3333-4333-8333-333333333334';
const OTHER = '33333333-3333-4333-8333-333333333333';

it('counts the spans of a run, its descendants and the runs of its events, not those of other runs in its trace', async ({
  database,
}) => {
  for (const [id, parent] of [
    [PARENT, null],
    [CHILD, PARENT],
    [OF_EVENT, null],
    [OTHER, null],
  ]) {
    await database.query(
      `INSERT INTO run (id, tenant_id, workflow_id, workflow_version_id, workflow_name, status, priority, input,
        additional_metadata, created_at, trace_id, parent_run_id, parent_task_id, dedupe, traceparent)
       VALUES ($1, $2, $2, $2, 'order', 'FAILED', 1, '{}', '{}', now(), $3, $4, $4, $5, $6)`,
      [
        id,
        TENANT,
        SPAN.traceId,
        parent,
        parent && 'index:0',
        id === OF_EVENT ? `00-${SPAN.traceId}-00000000000000ee-01` : null,
      ],
    );
    await database.query(
      `INSERT INTO task (id, run_id, tenant_id, step, name, action, status, priority, timeout_ms, created_at)
       VALUES ($1, $1, $2, 0, 'pay', 'order:pay', 'FAILED', 1, 60000, now())`,
      [id, TENANT],
    );
  }
  let number = 0;
  const span = (name: string, run: string | undefined, more: Partial<SpanRecord> = {}): SpanRecord => ({
    ...SPAN,
    spanId: (++number).toString(16).padStart(16, '0'),
    name,
    ...more,
    attributes: run ? { 'hatchet.workflow_run_id': run, 'hatchet.step_run_id': run } : {},
  });
  const failed = { statusCode: 'ERROR' as const };
  await storeSpans(database, { scope: 'tenant', tenantId: TENANT }, [
    span('POST /orders', undefined),
    span('hatchet.start_step_run', PARENT),
    span('hatchet.engine.workflow_run', PARENT),
    span('hatchet.push_event', PARENT, { spanId: '00000000000000ee' }),
    span('hatchet.engine.workflow_run', OF_EVENT),
    // one failure of the child, told three times
    span('hatchet.start_step_run.pay', CHILD, failed),
    span('hatchet.engine.start_step_run', CHILD, failed),
    span('hatchet.engine.workflow_run', CHILD, failed),
    span('ask the bank', CHILD, failed),
    // a run of which only the run's own span tells the failure
    span('hatchet.engine.workflow_run', OTHER, failed),
  ]);
  expect(await countSpans(database, TENANT, [PARENT, CHILD, OF_EVENT, OTHER])).toEqual(
    new Map([
      [PARENT, { spanCount: 9, errorCount: 2 }],
      [CHILD, { spanCount: 4, errorCount: 2 }],
      [OF_EVENT, { spanCount: 1, errorCount: 0 }],
      [OTHER, { spanCount: 2, errorCount: 1 }],
    ]),
  );
  expect(await countSpans(database, OTHER, [PARENT])).toEqual(new Map());
});
