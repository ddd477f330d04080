import { runSpan } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import {
  type Answer,
  type AwaitedRun,
  awaitedEvents,
  awaitedRuns,
  type EntryRef,
  type EventKey,
  matchesOfEvents,
  matchesOfNodes,
  matchesOfStoredEvents,
  nodesOfRuns,
  unawaitedEvents,
} from '@hatchet-ts/storage/durable';
import { finishedRuns } from '@hatchet-ts/storage/runs';
import { runSpanContexts } from '../runs/context.ts';
import { singleLoop } from '../scheduling/single-loop.ts';
import { childAnswer } from './answers.ts';
import type { Awaited } from './awaited.ts';
import type { Satisfaction } from './satisfaction.ts';

/** An event that is stored. */
export interface StoredEvent extends EventKey {
  id: string;
}

/** Brings events and ended runs, all committed, together with the waits for them. */
export interface Matching {
  eventsStored(events: readonly StoredEvent[]): void;
  /** A wait that is noted may be for an event that has been. */
  lookBack(node: EntryRef): void;
  /** A run has ended, or may have. */
  runEnded(runId: string): void;
  /** Reads what is waited for, and sees to what has come while no engine ran. */
  recover(): Promise<void>;
  stop(): Promise<void>;
}

export function createMatching(deps: {
  db: Database;
  awaited: Awaited;
  satisfaction: Satisfaction;
  onError(error: unknown): void;
}): Matching {
  const { db, awaited, satisfaction, onError } = deps;
  const events: StoredEvent[] = [];
  const lookBacks: EntryRef[] = [];
  const runIds: string[] = [];

  const eventLoop = singleLoop(() => eachOnce(events, matchEvents), onError);
  const lookBackLoop = singleLoop(() => eachOnce(lookBacks, matchStored), onError);
  const runLoop = singleLoop(() => eachOnce(runIds, matchRuns), onError);

  async function matchEvents(batch: readonly StoredEvent[]): Promise<void> {
    const additions = new Map(batch.map((event) => [event, awaited.additions(event)]));
    const matches = await matchesOfEvents(
      db,
      batch.map(({ id }) => id),
    );
    await satisfaction.matched('process-durable-matches', matches);
    const unawaited = new Set((await unawaitedEvents(db, batch)).map(({ tenantId, key }) => `${tenantId} ${key}`));
    for (const [event, before] of additions) {
      if (unawaited.has(`${event.tenantId} ${event.key}`)) awaited.forgetEvent(event, before);
    }
  }

  async function matchStored(nodes: readonly EntryRef[]): Promise<void> {
    await satisfaction.matched('process-durable-matches', await matchesOfNodes(db, nodes));
  }

  async function matchRuns(ids: readonly string[]): Promise<void> {
    const results = new Map((await finishedRuns(db, ids)).map((result) => [result.id, result]));
    const nodes = (await nodesOfRuns(db, [...results.keys()])).flatMap((node) => {
      const result = results.get(node.childRunId);
      return result ? [{ node, answer: childAnswer(result) }] : [];
    });
    if (nodes.length > 0) await answer(nodes);
    for (const id of results.keys()) awaited.forgetRun(id);
  }

  async function answer(nodes: readonly { node: AwaitedRun; answer: Answer }[]): Promise<void> {
    const links = runSpanContexts(nodes.map(({ node }) => node));
    const attributes = { 'batch.item_count': nodes.length };
    await runSpan('process-durable-matches', { root: true, links, attributes }, () =>
      satisfaction.answered(nodes.map(({ node: { taskId, nodeId }, answer }) => ({ taskId, nodeId, ...answer }))),
    );
  }

  return {
    eventsStored(stored) {
      const wanted = stored.filter((event) => awaited.additions(event) > 0);
      events.push(...wanted);
      if (wanted.length > 0) eventLoop.wake();
    },
    lookBack(node) {
      lookBacks.push(node);
      lookBackLoop.wake();
    },
    runEnded(runId) {
      if (!awaited.hasRun(runId)) return;
      runIds.push(runId);
      runLoop.wake();
    },
    async recover() {
      for (const event of await awaitedEvents(db)) awaited.addEvent(event);
      for (const { runId, ended } of await awaitedRuns(db)) {
        awaited.addRun(runId);
        if (ended) this.runEnded(runId);
      }
      await satisfaction.matched('process-durable-matches', await matchesOfStoredEvents(db));
    },
    async stop() {
      await Promise.all([eventLoop.stop(), lookBackLoop.stop(), runLoop.stop()]);
    },
  };
}

/** Does all that is there at once; what fails stays for the next time. */
async function eachOnce<Item>(items: Item[], work: (batch: readonly Item[]) => Promise<void>): Promise<void> {
  const batch = [...items];
  if (batch.length === 0) return;
  await work(batch);
  items.splice(0, batch.length);
}
