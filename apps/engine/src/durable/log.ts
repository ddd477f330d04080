import type { Database, Queryable } from '@hatchet-ts/storage';
import {
  appendEntries,
  type Condition,
  type Entry,
  entriesOfChildren,
  insertConditions,
  lockDurableTasks,
  type StoredEntry,
  satisfyEntries,
  storedEntries,
} from '@hatchet-ts/storage/durable';
import type { EpochMs, NewRun } from '@hatchet-ts/storage/runs';
import type { SpanContext } from '@opentelemetry/api';
import { now } from '../clock.ts';
import { BRANCH } from '../messages/durable-response.ts';
import { nonDeterminism } from '../messages/hatchet-texts.ts';
import type { RunRequest } from '../runs/new-run.ts';
import type { RunFactory } from '../runs/run-factory.ts';
import { waitPayload } from './answers.ts';
import {
  type EntryRequest,
  firstMismatch,
  type Mismatch,
  memoEntry,
  type RequestedCondition,
  runEntry,
  waitEntry,
} from './entries.ts';
import type { Invocation } from './invocations.ts';
import type { Matching } from './matching.ts';

/** A durable task requests another entry at this node than an earlier invocation did. */
export class NonDeterminism extends Error {
  override readonly name = 'NonDeterminism';
  readonly nodeId: number;

  constructor(taskId: string, { nodeId, expected, received }: Mismatch) {
    super(nonDeterminism({ taskId, nodeId, branchId: BRANCH }, { expected, received }));
    this.nodeId = nodeId;
  }
}

/** The invocation is no longer current, so its requests are ignored. */
export class StaleInvocation extends Error {
  override readonly name = 'StaleInvocation';
}

export interface LogDeps {
  db: Database;
  factory: RunFactory;
  matching: Matching;
  onSleep(until: EpochMs): void;
}

/** Stored wait. */
export interface StoredWait {
  nodeId: number;
  /** It also accepts earlier events, which must be searched once it was acknowledged. */
  looksBack: boolean;
}

/**
 * Event logs of durable tasks. Each call is one request of an invocation: it advances the cursor by the requested entries,
 * finds those that an earlier invocation requested, and appends the others. The requests of a task come one by one.
 *
 * @throws NonDeterminism, StaleInvocation, Refusal
 */
export class DurableLog {
  readonly #deps: LogDeps;

  constructor(deps: LogDeps) {
    this.#deps = deps;
  }

  async wait(invocation: Invocation, requested: readonly RequestedCondition[]): Promise<StoredWait> {
    const { taskId, tenantId } = invocation.task;
    const at = now();
    const nodeId = invocation.task.cursor + 1;
    const conditions = requested.map((condition, position) =>
      newCondition(condition, { taskId, nodeId, position, tenantId }, at),
    );
    const { fresh } = await this.#request(invocation, [waitEntry(requested)], async (transaction, entries) => {
      await appendEntries(transaction, entries, [{ taskId, cursor: nodeId }], at);
      if (entries.length === 0) return;
      if (conditions.length > 0) await insertConditions(transaction, conditions);
      else await satisfyEntries(transaction, [{ taskId, nodeId, payload: waitPayload([]) }], at);
    });
    if (fresh === 0) return { nodeId, looksBack: false };
    for (const { sleep, event } of conditions) {
      if (event) this.#deps.matching.awaitEvent({ tenantId, key: event.key });
      if (sleep) this.#deps.onSleep(sleep.until);
    }
    return { nodeId, looksBack: conditions.some(({ event }) => event && event.since < at) };
  }

  /** @returns the stored value, as JSON text; null if there is none yet. */
  async memo(invocation: Invocation, key: Uint8Array): Promise<{ nodeId: number; remembered: string | null }> {
    const { taskId, cursor } = invocation.task;
    const nodeId = cursor + 1;
    const { stored } = await this.#request(invocation, [memoEntry(key)], (transaction, entries) =>
      appendEntries(transaction, entries, [{ taskId, cursor: nodeId }], now()),
    );
    return { nodeId, remembered: stored[0]?.payload ?? null };
  }

  /** Spawns the children that no earlier invocation spawned; @returns the ids of all, in order. */
  async spawn(
    invocation: Invocation,
    requests: readonly RunRequest[],
    call: SpanContext | undefined,
  ): Promise<{ firstNode: number; runIds: string[] }> {
    const { factory, matching } = this.#deps;
    const { taskId, tenantId, cursor } = invocation.task;
    const last = cursor + requests.length;
    const known = await storedEntries(this.#deps.db, { taskId, from: cursor + 1, to: last });
    const runs = await factory.prepare(tenantId, requests.slice(known.length), call);
    // Before they are stored: a child may end before this call does.
    for (const { id } of runs) matching.awaitRun(id);
    const spawned = this.#request(invocation, requests.map(runEntry), async (transaction, entries) => {
      const ids = await factory.store(runs, transaction);
      await assertSameChildren(transaction, taskId, entries, { runs, ids });
      const withIds = entries.map((entry, index) => ({ ...entry, childRunId: ids[index] ?? null }));
      await appendEntries(transaction, withIds, [{ taskId, cursor: last }], now());
      return ids;
    });
    spawned.catch(() => {
      for (const { id } of runs) matching.forgetRun(id);
    });
    const { stored, appended: ids } = await spawned;
    factory.announce(runs);
    for (const [index, id] of ids.entries()) {
      const prepared = runs[index]?.id;
      if (prepared === undefined || prepared === id) continue;
      // A child deduplicated by its key may have ended already.
      matching.forgetRun(prepared);
      matching.awaitRun(id);
      matching.runEnded(id);
    }
    const runIds = [...stored.map(({ childRunId }) => childRunId ?? ''), ...ids];
    return { firstNode: cursor + 1, runIds };
  }

  /** Advances the cursor by the requests; `append` writes the entries of the new ones. */
  async #request<Appended>(
    invocation: Invocation,
    requests: readonly EntryRequest[],
    append: (transaction: Queryable, entries: Entry[]) => Promise<Appended>,
  ): Promise<{ stored: StoredEntry[]; fresh: number; appended: Appended }> {
    const { taskId, invocation: number, cursor } = invocation.task;
    const outcome = await this.#deps.db.transaction(async (transaction) => {
      const [task] = await lockDurableTasks(transaction, [taskId]);
      if (task?.status !== 'RUNNING' || task.invocation !== number || task.cursor !== cursor)
        throw new StaleInvocation();
      const stored = await storedEntries(transaction, { taskId, from: cursor + 1, to: cursor + requests.length });
      const mismatch = firstMismatch(stored, requests);
      if (mismatch) throw new NonDeterminism(taskId, mismatch);
      const fresh = requests.slice(stored.length);
      const entries = fresh.map((request, index) => ({
        ...request,
        taskId,
        nodeId: cursor + stored.length + index + 1,
        childRunId: null,
      }));
      return { stored, fresh: fresh.length, appended: await append(transaction, entries) };
    });
    invocation.task.cursor = cursor + requests.length;
    return outcome;
  }
}

/**
 * Compares children that exist already with the requests for them. A child with a key is reused whatever its input, as in
 * Hatchet's own engine; one found by its index must be the same.
 *
 * @throws NonDeterminism
 */
async function assertSameChildren(
  transaction: Queryable,
  taskId: string,
  requests: readonly EntryRequest[],
  { runs, ids }: { runs: readonly NewRun[]; ids: readonly string[] },
): Promise<void> {
  const reused = new Map<string, EntryRequest>();
  for (const [index, run] of runs.entries()) {
    const [id, request] = [ids[index], requests[index]];
    if (id !== undefined && request && id !== run.id && run.parent?.childKey === null) reused.set(id, request);
  }
  if (reused.size === 0) return;
  for (const stored of await entriesOfChildren(transaction, taskId, [...reused.keys()])) {
    const mismatch = firstMismatch([stored], [reused.get(stored.childRunId ?? '')!]);
    if (mismatch) throw new NonDeterminism(taskId, mismatch);
  }
}

function newCondition(
  { orGroup, dataKey, sleep, event }: RequestedCondition,
  place: Pick<Condition, 'taskId' | 'nodeId' | 'position' | 'tenantId'>,
  at: EpochMs,
): Condition {
  return {
    ...place,
    orGroup,
    dataKey,
    ...(sleep ? { sleep: { until: at + sleep.ms, text: sleep.text } } : {}),
    ...(event
      ? {
          event: {
            key: event.key,
            since: event.since?.getTime() ?? at,
            ...(event.scope === undefined ? {} : { scope: event.scope }),
          },
        }
      : {}),
  };
}
