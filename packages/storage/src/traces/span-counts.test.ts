import { expect } from 'vitest';
import { it, TENANT } from '../testing/database.ts';
import { SPAN } from '../testing/span.ts';
import { countSpans, type SpanRecord, storeSpans } from './index.ts';

const PARENT = '33333333-3333-4333-8333-333333333331';
const CHILD = '33333333-3333-4333-8333-333333333332';
const OTHER = '33333333-3333-4333-8333-333333333333';

it('counts the spans of a run and its descendants, not those of other runs in its trace', async ({ database }) => {
  for (const [id, parent] of [
    [PARENT, null],
    [CHILD, PARENT],
    [OTHER, null],
  ]) {
    await database.query(
      `INSERT INTO run (id, tenant_id, workflow_id, workflow_version_id, workflow_name, status, priority, input,
        additional_metadata, created_at, trace_id, parent_task_id, dedupe)
       VALUES ($1, $2, $2, $2, 'order', 'FAILED', 1, '{}', '{}', now(), $3, $4, $5)`,
      [id, TENANT, SPAN.traceId, parent, parent && 'index:0'],
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
    // one failure of the child, told three times
    span('hatchet.start_step_run.pay', CHILD, failed),
    span('hatchet.engine.start_step_run', CHILD, failed),
    span('hatchet.engine.workflow_run', CHILD, failed),
    span('ask the bank', CHILD, failed),
    // a run of which only the run's own span tells the failure
    span('hatchet.engine.workflow_run', OTHER, failed),
  ]);
  expect(await countSpans(database, TENANT, [PARENT, CHILD, OTHER])).toEqual(
    new Map([
      [PARENT, { spanCount: 7, errorCount: 2 }],
      [CHILD, { spanCount: 5, errorCount: 2 }],
      [OTHER, { spanCount: 2, errorCount: 1 }],
    ]),
  );
  expect(await countSpans(database, OTHER, [PARENT])).toEqual(new Map());
});
