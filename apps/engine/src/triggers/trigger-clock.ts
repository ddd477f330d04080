import { runSpan, withTenant } from '@hatchet-ts/server-otel';
import type { Database, Queryable } from '@hatchet-ts/storage';
import { type EpochMs, type NewRun, pruneKeys } from '@hatchet-ts/storage/runs';
import { advanceCrons, lockDueCrons, lockDueSchedules, nextFiringAt, saveFirings } from '@hatchet-ts/storage/triggers';
import { now } from '../clock.ts';
import { Alarm } from '../loops/alarm.ts';
import type { Timing } from '../loops/timing.ts';
import { runSpanContext, runSpanContexts } from '../runs/context.ts';
import type { RunFactory } from '../runs/run-factory.ts';
import { cronMoments } from './cron-moments.ts';
import { cronFiring, type PreparedFiring, prepareFirings, scheduleFiring } from './firings.ts';

/** Most schedules, and most crons, of one pass. */
const MOST_AT_ONCE = 200;

export interface TriggerClockDeps {
  db: Database;
  factory: RunFactory;
  timing: Timing;
  mayRun(): boolean;
  onError(error: unknown): void;
}

/** Number of due rows of a pass, and the runs that it started. */
interface FiringPass {
  due: number;
  runs: NewRun[];
}

const NOTHING_DUE: FiringPass = { due: 0, runs: [] };

/**
 * Fires schedules and crons. A firing creates its run and advances its row in one transaction, so a restart neither skips
 * nor repeats it.
 */
export class TriggerClock {
  readonly #deps: TriggerClockDeps;
  readonly #alarm: Alarm;
  readonly start: () => void;

  constructor(deps: TriggerClockDeps) {
    this.#deps = deps;
    this.#alarm = new Alarm(() => this.#poll(), deps.timing.timerCheck, deps.onError);
    this.start = this.#alarm.start;
  }

  stop(): Promise<void> {
    return this.#alarm.stop();
  }

  async #poll(): Promise<EpochMs | null> {
    const { db, mayRun } = this.#deps;
    if (!mayRun()) return null;
    const at = now();
    const schedules = await this.#runPass((transaction) => this.#fireSchedules(transaction, at));
    const crons = await this.#runPass((transaction) => this.#fireCrons(transaction, at));
    await pruneKeys(db, at);
    return schedules + crons === 0 ? nextFiringAt(db) : at;
  }

  async #runPass(fire: (transaction: Queryable) => Promise<FiringPass>): Promise<number> {
    const { due, runs } = await this.#deps.db.transaction(fire);
    this.#deps.factory.announce(runs);
    return due;
  }

  async #fireSchedules(transaction: Queryable, at: EpochMs): Promise<FiringPass> {
    const { factory } = this.#deps;
    const rows = await lockDueSchedules(transaction, at, MOST_AT_ONCE);
    if (rows.length === 0) return NOTHING_DUE;
    const prepared = await prepareFirings(factory, rows.map(scheduleFiring));
    const runs = runsOf(prepared);
    await inSpanOf(runs, async () => {
      const ids = await factory.store(runs, transaction);
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

  async #fireCrons(transaction: Queryable, at: EpochMs): Promise<FiringPass> {
    const { factory, timing, onError } = this.#deps;
    const rows = await lockDueCrons(transaction, at, MOST_AT_ONCE);
    if (rows.length === 0) return NOTHING_DUE;
    const due = rows.map((row) => ({ row, ...cronMoments(row.expression, row.nextFireAt, at, timing.catchUp) }));
    const firings = due.flatMap(({ row, moments }) => moments.map((moment) => cronFiring(row, moment)));
    const prepared = await prepareFirings(factory, firings);
    const runs = runsOf(prepared);
    await inSpanOf(runs, async () => {
      await factory.store(runs, transaction);
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
}

function runsOf(prepared: readonly PreparedFiring<unknown>[]): NewRun[] {
  return prepared.flatMap((firing) => ('run' in firing ? [firing.run] : []));
}

/** Stores a single firing in its run's trace, several in a trace of their own. */
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
