import type { NewRun } from '@hatchet-ts/storage/runs';
import type { DueCron, DueSchedule } from '@hatchet-ts/storage/triggers';
import { Refusal } from '../refusal.ts';
import type { Creation } from '../runs/creation.ts';
import type { RunRequest } from '../runs/new-run.ts';

/** A schedule or cron that asks for a run. */
export interface Firing<Row> {
  row: Row;
  request: RunRequest;
}

/** A firing with its run, or with the reason why there is none. */
export type Prepared<Row> = Firing<Row> & ({ run: NewRun } | { error: string });

/** A fired schedule carries its own metadata. */
export function scheduleFiring(row: DueSchedule): Firing<DueSchedule> {
  const { parentTaskId: taskId, childIndex, childKey } = row;
  const child = { ...(childIndex === null ? {} : { childIndex }), ...(childKey === null ? {} : { childKey }) };
  return { row, request: { ...requestOf(row), ...(taskId === null ? {} : { parent: { taskId, ...child } }) } };
}

/** A fired cron says over its metadata which cron it was, and for which moment it fired. */
export function cronFiring(row: DueCron, moment: number): Firing<DueCron> {
  const request = requestOf(row);
  const metadata = {
    ...request.metadata,
    hatchet__cron_expression: row.expression,
    hatchet__cron_name: row.name,
    hatchet__cron_scheduled_at: new Date(moment).toISOString().replace('.000Z', 'Z'),
  };
  return { row, request: { ...request, metadata } };
}

function requestOf({ workflowName, input, additionalMetadata, priority }: DueSchedule | DueCron): RunRequest {
  return {
    workflowName,
    input,
    metadata: additionalMetadata,
    ...(priority === null ? {} : { priority }),
    firing: true,
  };
}

/** Prepares the runs, for each tenant together; what one of them asks for in vain spoils no other. */
export async function prepareFirings<Row extends { tenantId: string }>(
  creation: Creation,
  firings: readonly Firing<Row>[],
): Promise<Prepared<Row>[]> {
  const tenants = Map.groupBy(firings, ({ row }) => row.tenantId);
  const prepared = [...tenants].map(async ([tenantId, theirs]): Promise<Prepared<Row>[]> => {
    try {
      const requests = theirs.map(({ request }) => request);
      const runs = await creation.prepare(tenantId, requests, undefined);
      return theirs.map((firing, position) => ({ ...firing, run: runs[position]! }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const [only, ...more] = theirs;
      if (only && more.length === 0) return [{ ...only, error: error.message }];
      return (await Promise.all(theirs.map((firing) => prepareFirings(creation, [firing])))).flat();
    }
  });
  return (await Promise.all(prepared)).flat();
}
