import type { NewRun } from '@hatchet-ts/storage/runs';
import type { DueCron, DueSchedule } from '@hatchet-ts/storage/triggers';
import { Refusal } from '../refusal.ts';
import type { RunRequest } from '../runs/new-run.ts';
import type { RunFactory } from '../runs/run-factory.ts';

/** Due schedule or cron, and the run that it requests. */
export interface Firing<Row> {
  row: Row;
  request: RunRequest;
}

/** Firing with its run, or with the error that prevented it. */
export type PreparedFiring<Row> = Firing<Row> & ({ run: NewRun } | { error: string });

/** Firing of a schedule, which has metadata of its own. */
export function scheduleFiring(row: DueSchedule): Firing<DueSchedule> {
  const { parentTaskId: taskId, childIndex, childKey } = row;
  const child = { ...(childIndex === null ? {} : { childIndex }), ...(childKey === null ? {} : { childKey }) };
  return { row, request: { ...requestOf(row), ...(taskId === null ? {} : { parent: { taskId, ...child } }) } };
}

/** Firing of a cron; the metadata of its run names the cron and the moment. */
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

/** Prepares the runs of each tenant together; an invalid request does not affect the others. */
export async function prepareFirings<Row extends { tenantId: string }>(
  factory: RunFactory,
  firings: readonly Firing<Row>[],
): Promise<PreparedFiring<Row>[]> {
  const tenants = Map.groupBy(firings, ({ row }) => row.tenantId);
  const prepared = [...tenants].map(async ([tenantId, own]): Promise<PreparedFiring<Row>[]> => {
    try {
      const requests = own.map(({ request }) => request);
      const runs = await factory.prepare(tenantId, requests, undefined);
      return own.map((firing, position) => ({ ...firing, run: runs[position]! }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const [only, ...more] = own;
      if (only && more.length === 0) return [{ ...only, error: error.message }];
      return (await Promise.all(own.map((firing) => prepareFirings(factory, [firing])))).flat();
    }
  });
  return (await Promise.all(prepared)).flat();
}
