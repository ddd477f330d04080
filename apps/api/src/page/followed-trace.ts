import { untraced } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import { type TaskView, viewRun } from '@hatchet-ts/storage/reads';
import { listRunTraces, type RunTraceSummary, type StoredSpan, traceOfRun } from '@hatchet-ts/storage/traces';

/** More of a trace is not shown while it grows. */
const MOST = 10_000;
const PAGE = 1_000;
/** A trace whose run has ended has its last spans by then. */
const QUIET_MS = 15_000;

/** What a running run still waits for. */
export interface OpenTask {
  taskId: string;
  name: string;
  status: string;
  /** From 1. */
  attempt: number;
  waitingFor?: string;
}

/** What one look at a trace has brought. */
export interface TraceNews {
  run?: RunTraceSummary;
  tasks?: OpenTask[];
  spans: StoredSpan[];
  /** Nothing more will come. */
  isOver: boolean;
}

/** Follows the trace of a run: each look tells what is new since the one before. */
export class FollowedTrace {
  readonly #db: Database;
  readonly #tenantId: string;
  readonly #runId: string;
  readonly #sent = new Set<string>();
  #run = '';
  #tasks = '';
  #total = 0;
  #quietSince = Date.now();

  constructor(db: Database, tenantId: string, runId: string) {
    this.#db = db;
    this.#tenantId = tenantId;
    this.#runId = runId;
  }

  /** @returns undefined when the tenant has no such run. */
  look(): Promise<TraceNews | undefined> {
    return untraced(() => this.#look());
  }

  async #look(): Promise<TraceNews | undefined> {
    const view = await viewRun(this.#db, this.#tenantId, this.#runId);
    const { rows } = await listRunTraces(
      this.#db,
      this.#tenantId,
      { children: true, runIds: [this.#runId] },
      { offset: 0, limit: 1 },
    );
    const run = rows[0];
    if (!view || !run) return undefined;
    const tasks = view.tasks.filter(({ finishedAt }) => !finishedAt).map(openTask);
    const news: TraceNews = { spans: await this.#newSpans(), isOver: false };
    if (this.#run !== JSON.stringify(run)) news.run = run;
    if (this.#tasks !== JSON.stringify(tasks)) news.tasks = tasks;
    this.#run = JSON.stringify(run);
    this.#tasks = JSON.stringify(tasks);
    if (!run.finishedAt || news.spans.length > 0) this.#quietSince = Date.now();
    return { ...news, isOver: Date.now() - this.#quietSince > QUIET_MS };
  }

  /** Spans come in any order: when there are more than before, those are new whose ids were not sent. */
  async #newSpans(): Promise<StoredSpan[]> {
    const page = (offset: number, limit: number) =>
      traceOfRun(this.#db, this.#tenantId, this.#runId, { offset, limit });
    const total = (await page(0, 1))?.total ?? 0;
    if (total === this.#total) return [];
    this.#total = total;
    const found: StoredSpan[] = [];
    for (let offset = 0; offset < Math.min(total, MOST); offset += PAGE) {
      found.push(...((await page(offset, PAGE))?.rows ?? []));
    }
    const fresh = found.filter(({ traceId, spanId }) => !this.#sent.has(`${traceId} ${spanId}`));
    for (const { traceId, spanId } of fresh) this.#sent.add(`${traceId} ${spanId}`);
    return fresh;
  }
}

function openTask({ id, name, status, retryCount, queuedAt, evicted, durable, assignedAt }: TaskView): OpenTask {
  const waitingFor = evicted
    ? 'what its durable wait is for'
    : status !== 'QUEUED'
      ? undefined
      : queuedAt === null
        ? 'the tasks before it'
        : assignedAt === null || durable
          ? 'a worker'
          : 'its next attempt';
  return { taskId: id, name, status, attempt: retryCount + 1, ...(waitingFor && { waitingFor }) };
}
