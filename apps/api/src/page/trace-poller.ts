import { untraced } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import { type TaskView, viewRun } from '@hatchet-ts/storage/reads';
import { listRunTraces, type RunTraceSummary, type StoredSpan, traceOfRun } from '@hatchet-ts/storage/traces';

/** Most spans of a trace that a stream sends. */
const MAX_SPANS = 10_000;
const PAGE_SPANS = 1_000;
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
  newSpans: StoredSpan[];
  /** Set when no more changes are expected. */
  isComplete: boolean;
}

/** Polls the trace of one run. Each poll returns the difference to the one before. */
export class TracePoller {
  readonly #db: Database;
  readonly #tenantId: string;
  readonly #runId: string;
  readonly #sentSpans = new Set<string>();
  #lastRun = '';
  #lastTasks = '';
  #lastTotal = 0;
  #quietSince = Date.now();

  constructor(db: Database, tenantId: string, runId: string) {
    this.#db = db;
    this.#tenantId = tenantId;
    this.#runId = runId;
  }

  /** @returns undefined if the tenant has no such run */
  poll(): Promise<TraceChanges | undefined> {
    return untraced(() => this.#poll());
  }

  async #poll(): Promise<TraceChanges | undefined> {
    const view = await viewRun(this.#db, this.#tenantId, this.#runId);
    const filter = { children: true, runIds: [this.#runId] };
    const { rows } = await listRunTraces(this.#db, this.#tenantId, filter, { offset: 0, limit: 1 });
    const run = rows[0];
    if (!view || !run) return undefined;
    const tasks = view.tasks.filter(({ finishedAt }) => !finishedAt).map(openTask);
    const newSpans = await this.#newSpans();
    if (!run.finishedAt || newSpans.length > 0) this.#quietSince = Date.now();

    const changes: TraceChanges = { newSpans, isComplete: Date.now() - this.#quietSince > QUIET_MS };
    const [runText, tasksText] = [JSON.stringify(run), JSON.stringify(tasks)];
    if (runText !== this.#lastRun) changes.run = run;
    if (tasksText !== this.#lastTasks) changes.tasks = tasks;
    this.#lastRun = runText;
    this.#lastTasks = tasksText;
    return changes;
  }

  /** Spans arrive in any order: if the total has grown, the new ones are those that were not sent. */
  async #newSpans(): Promise<StoredSpan[]> {
    const read = (offset: number, limit: number) =>
      traceOfRun(this.#db, this.#tenantId, this.#runId, { offset, limit });
    const total = (await read(0, 1))?.total ?? 0;
    if (total === this.#lastTotal) return [];
    this.#lastTotal = total;
    const spans: StoredSpan[] = [];
    for (let offset = 0; offset < Math.min(total, MAX_SPANS); offset += PAGE_SPANS) {
      spans.push(...((await read(offset, PAGE_SPANS))?.rows ?? []));
    }
    const newSpans = spans.filter((span) => !this.#sentSpans.has(spanKey(span)));
    for (const span of newSpans) this.#sentSpans.add(spanKey(span));
    return newSpans;
  }
}

function spanKey({ traceId, spanId }: StoredSpan): string {
  return `${traceId} ${spanId}`;
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
