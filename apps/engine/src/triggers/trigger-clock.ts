import { runSpan, withTenant } from '@hatchet-ts/server-otel';
import type { Database, Queryable } from '@hatchet-ts/storage';
import { type EpochMs, type NewRun, pruneKeys } from '@hatchet-ts/storage/runs';
import {
  advanceCrons,
  type DueSelection,
  lockDueCrons,
  lockDueSchedules,
  nextFiringAt,
  saveFirings,
} from '@hatchet-ts/storage/triggers';
import { now } from '../clock.ts';
import { Alarm } from '../loops/alarm.ts';
import type { Timing } from '../loops/timing.ts';
import { runSpanContext, runSpanContexts } from '../runs/context.ts';
import type { RunFactory } from '../runs/run-factory.ts';
import { cronMoments } from './cron-moments.ts';
import { cronFiring, type PreparedFiring, prepareFirings, scheduleFiring } from './firings.ts';

/** Most schedules, and most crons, of one pass. */
const MOST_AT_ONCE = 200;
/** Pause before a schedule or cron that failed by itself is tried again. */
const FAILED_PAUSE_MS = 60_000;

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

/** Schedules or crons: reads due ones, and fires them in a transaction. */
interface TriggerKind {
  name: 'schedule' | 'cron';
  read(db: Queryable, at: EpochMs, selection: DueSelection): Promise<{ id: string }[]>;
  fire(transaction: Queryable, at: EpochMs, selection: DueSelection): Promise<FiringPass>;
}

const NOTHING_DUE: FiringPass = { due: 0, runs: [] };

/**
 * Fires schedules and crons. A firing creates its run and advances its row in one transaction, so a restart neither skips
 * nor repeats it. A row that cannot fire is tried again every minute, and stops no other.
 */
export class TriggerClock {
  readonly #deps: TriggerClockDeps;
  readonly #alarm: Alarm;
  readonly #kinds: readonly TriggerKind[] = [
    {
      name: 'schedule',
      read: lockDueSchedules,
      fire: (...due) => this.#fireSchedules(...due),
    },
    { name: 'cron', read: lockDueCrons, fire: (...due) => this.#fireCrons(...due) },
  ];
  /** Schedules and crons that failed, and the time of the next attempt. */
  readonly #failed = new Map<string, EpochMs>();
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
    for (const [id, until] of this.#failed) if (until <= at) this.#failed.delete(id);
    let due = 0;
    for (const kind of this.#kinds) due += await this.#runPass(kind, at);
    await pruneKeys(db, at);
    if (due > 0) return at;
    const times = [await nextFiringAt(db, [...this.#failed.keys()]), ...this.#failed.values()];
    return times.reduce((first, time) => (first === null || (time !== null && time < first) ? time : first), null);
  }

  /** Fires the due rows of a kind together; if that fails, one by one. */
  async #runPass(kind: TriggerKind, at: EpochMs): Promise<number> {
    const { db, onError } = this.#deps;
    const selection = { limit: MOST_AT_ONCE, without: [...this.#failed.keys()] };
    try {
      return await this.#commit(kind, at, selection);
    } catch {
      const rows = await kind.read(db, at, selection);
      for (const { id } of rows) {
        try {
          await this.#commit(kind, at, { ...selection, only: id });
        } catch (cause) {
          // Throws if the database is away: then no row is at fault, and the whole pass is to be repeated.
          await db.query('SELECT 1');
          this.#failed.set(id, at + FAILED_PAUSE_MS);
          const pause = `${FAILED_PAUSE_MS / 1_000} s`;
          onError(
            new Error(`${kind.name} ${id} cannot fire; others go on, this one is tried again in ${pause}`, { cause }),
          );
        }
      }
      return rows.length;
    }
  }

  async #commit(kind: TriggerKind, at: EpochMs, selection: DueSelection): Promise<number> {
    const { due, runs } = await this.#deps.db.transaction((transaction) => kind.fire(transaction, at, selection));
    this.#deps.factory.announce(runs);
    return due;
  }

  async #fireSchedules(transaction: Queryable, at: EpochMs, selection: DueSelection): Promise<FiringPass> {
    const { factory } = this.#deps;
    const rows = await lockDueSchedules(transaction, at, selection);
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

  async #fireCrons(transaction: Queryable, at: EpochMs, selection: DueSelection): Promise<FiringPass> {
    const { factory, timing, onError } = this.#deps;
    const rows = await lockDueCrons(transaction, at, selection);
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
