import { untraced } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import { type TaskView, viewRun } from '@hatchet-ts/storage/reads';
import {
  arrivedSpans,
  countSpans,
  listTracedRuns,
  NO_SPANS,
  type RunTraceSummary,
  type SpanCounts,
  type SpanCursor,
  type StoredSpan,
} from '@hatchet-ts/storage/traces';

/** Most spans that a stream sends. */
const MAX_SPANS = 10_000;
/** Milliseconds without a new span after which the trace of a finished run counts as complete. */
const QUIET_MS = 15_000;

/** A task that has not finished. */
export interface OpenTask {
  taskId: string;
  name: string;
  status: string;
  /** From 1. */
  attempt: number;
  /** Shown on the page after "Waits for". */
  waitingFor?: string;
}

/** Changes of a trace since the previous poll. */
export interface TraceChanges {
  /** Set if the run has changed. */
  run?: RunTraceSummary;
  /** Set if the open tasks have changed. */
  tasks?: OpenTask[];
  /** Spans that have arrived; to be read once. */
  newSpans: AsyncIterable<StoredSpan[]>;
  /** Position after these spans. */
  cursor: SpanCursor;
  /** Set when no more changes are expected. */
  isComplete: boolean;
}

/**
 * Polls the trace of one run. Each poll returns the difference to the one before, and reads only the spans that have
 * arrived since.
 */
export class TracePoller {
  readonly #db: Database;
  readonly #tenantId: string;
  readonly #runId: string;
  #cursor: SpanCursor | undefined;
  #counts: SpanCounts | undefined;
  #lastRun = '';
  #lastTasks = '';
  #sentSpans = 0;
  #quietSince = Date.now();

  /** @param after position of the spans that the client has; undefined if it has none */
  constructor(db: Database, tenantId: string, runId: string, after: SpanCursor | undefined) {
    this.#db = db;
    this.#tenantId = tenantId;
    this.#runId = runId;
    this.#cursor = after;
  }

  /** @returns undefined if the tenant has no such run */
  poll(): Promise<TraceChanges | undefined> {
    return untraced(() => this.#poll());
  }

  async #poll(): Promise<TraceChanges | undefined> {
    const view = await viewRun(this.#db, this.#tenantId, this.#runId);
    const filter = { children: true, runIds: [this.#runId] };
    const { rows } = await listTracedRuns(this.#db, this.#tenantId, filter, { offset: 0, limit: 1 });
    const traced = rows[0];
    if (!view || !traced) return undefined;
    const tasks = view.tasks.filter(({ finishedAt }) => !finishedAt).map(openTask);
    const { cursor, batches } = await arrivedSpans(this.#db, this.#tenantId, this.#runId, this.#cursor);
    const first = await batches.next();
    if (!traced.finishedAt || !first.done) this.#quietSince = Date.now();
    if (!this.#counts || !first.done) this.#counts = await this.#count();
    this.#cursor = cursor;

    const run = { ...traced, ...this.#counts };
    const isComplete = Date.now() - this.#quietSince > QUIET_MS;
    const changes: TraceChanges = { newSpans: this.#send(first, batches), cursor, isComplete };
    const [runText, tasksText] = [JSON.stringify(run), JSON.stringify(tasks)];
    if (runText !== this.#lastRun) changes.run = run;
    if (tasksText !== this.#lastTasks) changes.tasks = tasks;
    this.#lastRun = runText;
    this.#lastTasks = tasksText;
    return changes;
  }

  async #count(): Promise<SpanCounts> {
    return (await countSpans(this.#db, this.#tenantId, [this.#runId])).get(this.#runId) ?? NO_SPANS;
  }

  async *#send(
    first: IteratorResult<StoredSpan[], unknown>,
    rest: AsyncGenerator<StoredSpan[]>,
  ): AsyncGenerator<StoredSpan[]> {
    for (let next = first; !next.done; next = await untraced(() => rest.next())) {
      const spans = next.value.slice(0, MAX_SPANS - this.#sentSpans);
      this.#sentSpans += spans.length;
      if (spans.length > 0) yield spans;
      if (this.#sentSpans >= MAX_SPANS) return;
    }
  }
}

function openTask(task: TaskView): OpenTask {
  const { id, name, status, retryCount } = task;
  const waitingFor = waitReason(task);
  return { taskId: id, name, status, attempt: retryCount + 1, ...(waitingFor && { waitingFor }) };
}

function waitReason({ status, evicted, queuedAt, assignedAt, durable }: TaskView): string | undefined {
  if (evicted) return 'the event or time of its durable wait';
  if (status !== 'QUEUED') return undefined;
  if (queuedAt === null) return 'the tasks before it';
  return assignedAt === null || durable ? 'a worker' : 'its next attempt';
}
