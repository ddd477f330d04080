import type { Database, Queryable } from '@hatchet-ts/storage';
import {
  appendEntries,
  type Condition,
  type Entry,
  insertConditions,
  lockDurableTasks,
  type StoredEntry,
  satisfyEntries,
  storedEntries,
} from '@hatchet-ts/storage/durable';
import type { EpochMs } from '@hatchet-ts/storage/runs';
import type { SpanContext } from '@opentelemetry/api';
import { now } from '../clock.ts';
import type { Creation } from '../runs/creation.ts';
import type { RunRequest } from '../runs/new-run.ts';
import { waitPayload } from './answers.ts';
import type { Awaited } from './awaited.ts';
import type { Invocation } from './invocations.ts';
import { type AskedCondition, deviation, memoQuestion, type Question, runQuestion, waitQuestion } from './questions.ts';

/** A durable task did not ask for what it asked for at this node before. */
export class NonDeterminism extends Error {
  override readonly name = 'NonDeterminism';
  readonly nodeId: number;

  constructor(nodeId: number, expected: string, received: string) {
    super(
      `a durable task must ask for the same things in the same order: at node ${nodeId} it asked for ${expected} before, now for ${received}`,
    );
    this.nodeId = nodeId;
  }
}

/** The invocation is over, and what it asks for counts no longer. */
export class StaleInvocation extends Error {
  override readonly name = 'StaleInvocation';
}

export interface LogDeps {
  db: Database;
  creation: Creation;
  awaited: Awaited;
  onSleep(until: EpochMs): void;
  /** A run that is waited for may have ended before. */
  onPerhapsEnded(runId: string): void;
}

/** A wait that is noted: what is to be done once it was acknowledged. */
export interface NotedWait {
  nodeId: number;
  /** Events before now count: they must be looked for. */
  looksBack: boolean;
}

/**
 * The event logs of durable tasks. Each call is one request of an invocation: it moves its cursor on by the nodes that
 * it asks for, finds those that were asked for before, and adds the others. The requests of a task come one by one.
 *
 * @throws NonDeterminism, StaleInvocation, Refusal
 */
export class DurableLog {
  readonly #deps: LogDeps;

  constructor(deps: LogDeps) {
    this.#deps = deps;
  }

  async wait(invocation: Invocation, asked: readonly AskedCondition[]): Promise<NotedWait> {
    const { taskId, tenantId } = invocation.task;
    const at = now();
    const nodeId = invocation.task.cursor + 1;
    const conditions = asked.map((condition, position) =>
      newCondition(condition, { taskId, nodeId, position, tenantId }, at),
    );
    const { fresh } = await this.#ask(invocation, [waitQuestion(asked)], async (transaction, entries) => {
      await appendEntries(transaction, entries, [{ taskId, cursor: nodeId }], at);
      if (entries.length === 0) return;
      if (conditions.length > 0) await insertConditions(transaction, conditions);
      else await satisfyEntries(transaction, [{ taskId, nodeId, payload: waitPayload([]) }], at);
    });
    if (fresh === 0) return { nodeId, looksBack: false };
    for (const { sleep, event } of conditions) {
      if (event) this.#deps.awaited.addEvent({ tenantId, key: event.key });
      if (sleep) this.#deps.onSleep(sleep.until);
    }
    return { nodeId, looksBack: conditions.some(({ event }) => event && event.since < at) };
  }

  /** @returns the value, as JSON text, if it is remembered. */
  async memo(invocation: Invocation, key: Uint8Array): Promise<{ nodeId: number; remembered: string | null }> {
    const { taskId, cursor } = invocation.task;
    const nodeId = cursor + 1;
    const { stored } = await this.#ask(invocation, [memoQuestion(key)], (transaction, entries) =>
      appendEntries(transaction, entries, [{ taskId, cursor: nodeId }], now()),
    );
    return { nodeId, remembered: stored[0]?.payload ?? null };
  }

  /** Spawns the children that were not spawned before; @returns the ids of all, in order. */
  async spawn(
    invocation: Invocation,
    requests: readonly RunRequest[],
    call: SpanContext | undefined,
  ): Promise<{ firstNode: number; runIds: string[] }> {
    const { creation, awaited, onPerhapsEnded } = this.#deps;
    const { taskId, tenantId, cursor } = invocation.task;
    const last = cursor + requests.length;
    const known = await storedEntries(this.#deps.db, { taskId, from: cursor + 1, to: last });
    const runs = await creation.prepare(tenantId, requests.slice(known.length), call);
    // Before they are there: one may end before this call does.
    for (const { id } of runs) awaited.addRun(id);
    const spawned = this.#ask(invocation, requests.map(runQuestion), async (transaction, entries) => {
      const ids = await creation.store(runs, transaction);
      const withIds = entries.map((entry, index) => ({ ...entry, childRunId: ids[index] ?? null }));
      await appendEntries(transaction, withIds, [{ taskId, cursor: last }], now());
      return ids;
    });
    spawned.catch(() => {
      for (const { id } of runs) awaited.forgetRun(id);
    });
    const { stored, added: ids } = await spawned;
    creation.committed(runs);
    // A child that there was before, by its key, may have ended before.
    const earlier = ids.filter((id, index) => id !== runs[index]?.id);
    for (const id of earlier) {
      awaited.addRun(id);
      onPerhapsEnded(id);
    }
    const runIds = [...stored.map(({ childRunId }) => childRunId ?? ''), ...ids];
    return { firstNode: cursor + 1, runIds };
  }

  /** Moves the cursor on by the questions; `add` writes the entries of those that are new. */
  async #ask<Added>(
    invocation: Invocation,
    questions: readonly Question[],
    add: (transaction: Queryable, entries: Entry[]) => Promise<Added>,
  ): Promise<{ stored: StoredEntry[]; fresh: number; added: Added }> {
    const { taskId, invocation: number, cursor } = invocation.task;
    const outcome = await this.#deps.db.transaction(async (transaction) => {
      const [task] = await lockDurableTasks(transaction, [taskId]);
      if (task?.status !== 'RUNNING' || task.invocation !== number || task.cursor !== cursor)
        throw new StaleInvocation();
      const stored = await storedEntries(transaction, { taskId, from: cursor + 1, to: cursor + questions.length });
      const other = deviation(stored, questions);
      if (other) throw new NonDeterminism(other.nodeId, other.expected, other.received);
      const fresh = questions.slice(stored.length);
      const entries = fresh.map((question, index) => ({
        ...question,
        taskId,
        nodeId: cursor + stored.length + index + 1,
        childRunId: null,
      }));
      return { stored, fresh: fresh.length, added: await add(transaction, entries) };
    });
    invocation.task.cursor = cursor + questions.length;
    return outcome;
  }
}

function newCondition(
  { orGroup, dataKey, sleep, event }: AskedCondition,
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
