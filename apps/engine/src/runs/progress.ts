import type { Queryable } from '@hatchet-ts/storage';
import { runHasMetadata, runsOfTasks } from '@hatchet-ts/storage/runs';
import { Resequencer } from './resequencer.ts';
import type { Outcome } from './state.ts';

/** Event that followers of a run receive. */
export type ProgressEvent = { runId: string } & (
  | { kind: 'task-started'; taskId: string; retryCount: number }
  | { kind: 'task-ended'; taskId: string; retryCount: number; outcome: Outcome; payload: string }
  /** Chunk of a task's stream. */
  | { kind: 'chunk'; taskId: string; index: number; text: string }
  | { kind: 'run-ended'; outcome: Outcome }
);

/** One run, or all runs whose metadata has this pair. */
export type RunSelector = { runId: string } | { key: string; value: string };

interface Follower {
  tenantId: string;
  selector: RunSelector;
  notify(event: ProgressEvent): void;
  /** Cached matches of a follower by metadata, by run id. */
  matches: Map<string, Promise<boolean>>;
}

/** Most tasks whose runs are cached; chunks name only their task. */
const MOST_TASKS = 1_000;

/**
 * Publishes the progress of runs to their followers as it happens. Nothing is stored: a client that reconnects receives
 * only later events.
 */
export class Progress {
  readonly #db: Queryable;
  readonly #onError: (error: unknown) => void;
  readonly #followers = new Map<string, Set<Follower>>();
  readonly #runs = new Map<string, Promise<string | undefined>>();
  readonly #chunks = new Resequencer<ProgressEvent & { kind: 'chunk'; tenantId: string }>((chunk) =>
    this.publish(chunk),
  );

  constructor(db: Queryable, onError: (error: unknown) => void) {
    this.#db = db;
    this.#onError = onError;
  }

  /** @returns stops following. */
  follow(tenantId: string, selector: RunSelector, notify: (event: ProgressEvent) => void): () => void {
    const follower: Follower = { tenantId, selector, notify, matches: new Map() };
    const followers = this.#followers.get(tenantId) ?? new Set();
    this.#followers.set(tenantId, followers.add(follower));
    return () => {
      followers.delete(follower);
      if (followers.size === 0 && this.#followers.get(tenantId) === followers) this.#followers.delete(tenantId);
    };
  }

  /** To be called once the event is committed. */
  publish({ tenantId, ...event }: ProgressEvent & { tenantId: string }): void {
    if (event.kind === 'task-ended') this.#chunks.end(event.taskId);
    for (const follower of this.#followers.get(tenantId) ?? []) {
      const { selector } = follower;
      if ('runId' in selector) {
        if (selector.runId === event.runId) follower.notify(event);
        continue;
      }
      this.#matches(follower, event.runId, selector)
        .then((matches) => matches && follower.notify(event))
        .catch(this.#onError);
    }
  }

  /** Publishes a chunk of a task's stream. Chunks may arrive in any order; those of another tenant's tasks are dropped. */
  async publishChunk(
    tenantId: string,
    { taskId, index, text }: { taskId: string; index: number; text: string },
  ): Promise<void> {
    if (!this.#followers.has(tenantId)) return;
    const runId = await this.#runOf(tenantId, taskId);
    if (runId === undefined) return;
    this.#chunks.put(taskId, index, { tenantId, kind: 'chunk', runId, taskId, index, text });
  }

  stop(): void {
    this.#chunks.clear();
  }

  /** The promise is cached: a task's first chunks share one query, and keep their order. */
  #runOf(tenantId: string, taskId: string): Promise<string | undefined> {
    const key = `${tenantId} ${taskId}`;
    const known = this.#runs.get(key);
    if (known) return known;
    const run = runsOfTasks(this.#db, tenantId, [taskId]).then((runs) => runs.get(taskId));
    if (this.#runs.size >= MOST_TASKS) this.#runs.clear();
    this.#runs.set(key, run);
    const forget = () => this.#runs.delete(key);
    run.then((runId) => runId ?? forget(), forget);
    return run;
  }

  #matches(follower: Follower, runId: string, { key, value }: { key: string; value: string }): Promise<boolean> {
    const known = follower.matches.get(runId);
    if (known) return known;
    const matches = runHasMetadata(this.#db, follower.tenantId, runId, key, value);
    if (follower.matches.size >= MOST_TASKS) follower.matches.clear();
    follower.matches.set(runId, matches);
    matches.catch(() => follower.matches.delete(runId));
    return matches;
  }
}
