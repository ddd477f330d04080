import type { Queryable } from '@hatchet-ts/storage';
import { runHasMetadata, runsOfTasks } from '@hatchet-ts/storage/runs';
import { InOrder } from './in-order.ts';
import type { Outcome } from './outcome.ts';

/** What those hear who follow a run. */
export type ProgressEvent = { runId: string } & (
  | { kind: 'task-started'; taskId: string; retryCount: number }
  | { kind: 'task-ended'; taskId: string; retryCount: number; outcome: Outcome; payload: string }
  /** A piece of what a task streams. */
  | { kind: 'chunk'; taskId: string; index: number; text: string }
  | { kind: 'run-ended'; outcome: Outcome }
);

/** One run, or all runs whose metadata have this pair. */
export type Followed = { runId: string } | { key: string; value: string };

interface Follower {
  tenantId: string;
  followed: Followed;
  tell(event: ProgressEvent): void;
  /** Of one that follows by metadata: which runs are meant. */
  meant: Map<string, Promise<boolean>>;
}

/** Most tasks whose runs are remembered; chunks name only their task. */
const MOST_TASKS = 1_000;

/**
 * Tells those who follow runs what happens to them, while it happens: nothing of it is stored. A client that was cut off
 * comes back and hears what is still to come.
 */
export class Progress {
  readonly #db: Queryable;
  readonly #onError: (error: unknown) => void;
  readonly #followers = new Map<string, Set<Follower>>();
  readonly #runs = new Map<string, string>();
  readonly #chunks = new InOrder<ProgressEvent & { kind: 'chunk'; tenantId: string }>((chunk) => this.#tell(chunk));

  constructor(db: Queryable, onError: (error: unknown) => void) {
    this.#db = db;
    this.#onError = onError;
  }

  /** Returns how to stop. */
  follow(tenantId: string, followed: Followed, tell: (event: ProgressEvent) => void): () => void {
    const follower: Follower = { tenantId, followed, tell, meant: new Map() };
    const followers = this.#followers.get(tenantId) ?? new Set();
    this.#followers.set(tenantId, followers.add(follower));
    return () => {
      followers.delete(follower);
      if (followers.size === 0 && this.#followers.get(tenantId) === followers) this.#followers.delete(tenantId);
    };
  }

  /** Something that is committed. */
  happened(event: ProgressEvent & { tenantId: string }): void {
    this.#tell(event);
  }

  /** A piece of a task's stream; pieces may arrive in any order, and those of tasks that are not the tenant's are dropped. */
  async chunk(
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

  async #runOf(tenantId: string, taskId: string): Promise<string | undefined> {
    const key = `${tenantId} ${taskId}`;
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    const runId = (await runsOfTasks(this.#db, tenantId, [taskId])).get(taskId);
    if (this.#runs.size >= MOST_TASKS) this.#runs.clear();
    if (runId !== undefined) this.#runs.set(key, runId);
    return runId;
  }

  #tell({ tenantId, ...event }: ProgressEvent & { tenantId: string }): void {
    for (const follower of this.#followers.get(tenantId) ?? []) {
      const { followed } = follower;
      if ('runId' in followed) {
        if (followed.runId === event.runId) follower.tell(event);
        continue;
      }
      this.#meant(follower, event.runId, followed)
        .then((meant) => meant && follower.tell(event))
        .catch(this.#onError);
    }
  }

  #meant(follower: Follower, runId: string, { key, value }: { key: string; value: string }): Promise<boolean> {
    const known = follower.meant.get(runId);
    if (known) return known;
    const meant = runHasMetadata(this.#db, follower.tenantId, runId, key, value);
    if (follower.meant.size >= MOST_TASKS) follower.meant.clear();
    follower.meant.set(runId, meant);
    meant.catch(() => follower.meant.delete(runId));
    return meant;
  }
}
