import { runSpan, withTenant } from '@hatchet-ts/server-otel';
import type { Database, Queryable } from '@hatchet-ts/storage';
import { type EpochMs, type NewRun, pruneKeys } from '@hatchet-ts/storage/runs';
import { advanceCrons, lockDueCrons, lockDueSchedules, nextFiringAt, saveFirings } from '@hatchet-ts/storage/triggers';
import { now } from '../clock.ts';
import { runSpanContext, runSpanContexts } from '../runs/context.ts';
import type { Creation } from '../runs/creation.ts';
import { type Alarm, createAlarm } from '../scheduling/alarm.ts';
import type { Timing } from '../scheduling/timing.ts';
import { cronMoments } from './cron-moments.ts';
import { cronFiring, type Prepared, prepareFirings, scheduleFiring } from './firings.ts';

/** Most schedules, and most crons, of one pass. */
const MOST_AT_ONCE = 200;

export interface TriggerClockDeps {
  db: Database;
  creation: Creation;
  timing: Timing;
  mayRun(): boolean;
  onError(error: unknown): void;
}

/**
 * The clock of schedules and crons, which are rows. A firing creates its run and moves its row on in one transaction, so
 * that a restart neither skips nor doubles it.
 */
export function createTriggerClock({ db, creation, timing, mayRun, onError }: TriggerClockDeps): Alarm {
  async function look(): Promise<EpochMs | null> {
    if (!mayRun()) return null;
    const at = now();
    const due = (await fire(at, fireSchedules)) + (await fire(at, fireCrons));
    await pruneKeys(db, at);
    return due === 0 ? nextFiringAt(db) : at;
  }

  async function fire(at: EpochMs, pass: Pass): Promise<number> {
    const { due, runs } = await db.transaction((transaction) => pass(transaction, at));
    creation.committed(runs);
    return due;
  }

  async function fireSchedules(transaction: Queryable, at: EpochMs): Promise<Fired> {
    const rows = await lockDueSchedules(transaction, at, MOST_AT_ONCE);
    if (rows.length === 0) return NOTHING;
    const prepared = await prepareFirings(creation, rows.map(scheduleFiring));
    const runs = runsOf(prepared);
    await inSpanOf(runs, async () => {
      const ids = await creation.store(runs, transaction);
      const stored = new Map(runs.map(({ id }, position) => [id, ids[position]]));
      const fired = prepared.map((firing) => {
        const runId = 'run' in firing ? stored.get(firing.run.id) : undefined;
        return {
          id: firing.row.id,
          ...(runId ? { runId } : {}),
          ...('error' in firing ? { error: firing.error } : {}),
        };
      });
      await saveFirings(transaction, fired, at);
    });
    return { due: rows.length, runs };
  }

  async function fireCrons(transaction: Queryable, at: EpochMs): Promise<Fired> {
    const rows = await lockDueCrons(transaction, at, MOST_AT_ONCE);
    if (rows.length === 0) return NOTHING;
    const due = rows.map((row) => ({
      row,
      ...cronMoments(row.expression, row.nextFireAt, at, timing.catchUp),
    }));
    const firings = due.flatMap(({ row, moments }) => moments.map((moment) => cronFiring(row, moment)));
    const prepared = await prepareFirings(creation, firings);
    const runs = runsOf(prepared);
    await inSpanOf(runs, async () => {
      await creation.store(runs, transaction);
      await advanceCrons(
        transaction,
        due.map(({ row, moments, next }) => ({
          id: row.id,
          lastFireAt: moments.at(-1) ?? row.nextFireAt,
          nextFireAt: next,
        })),
      );
    });
    for (const firing of prepared) {
      if ('error' in firing) onError(new Error(`cron ${firing.row.id} started no run: ${firing.error}`));
    }
    return { due: rows.length, runs };
  }

  return createAlarm(look, timing.timerCheck, onError);
}

interface Fired {
  due: number;
  runs: NewRun[];
}

type Pass = (transaction: Queryable, at: EpochMs) => Promise<Fired>;

const NOTHING: Fired = { due: 0, runs: [] };

function runsOf(prepared: readonly Prepared<unknown>[]): NewRun[] {
  return prepared.flatMap((firing) => ('run' in firing ? [firing.run] : []));
}

/** One firing belongs to its run's trace; a pass over several is a trace of its own. */
function inSpanOf(runs: readonly NewRun[], store: () => Promise<void>): Promise<void> {
  const attributes = { 'batch.item_count': runs.length };
  const [only, ...more] = runs;
  if (only && more.length === 0) {
    const parent = runSpanContext(only);
    const named = { 'workflow_run.id': only.id, 'workflow.name': only.workflowName };
    return withTenant(only.tenantId, () => runSpan('trigger-workflow-run', { parent, attributes: named }, store));
  }
  return runSpan('trigger-workflow-run', { root: true, links: runSpanContexts(runs), attributes }, store);
}
