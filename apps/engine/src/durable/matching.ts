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
import { Queue } from '../loops/queue.ts';
import { runSpanContexts } from '../runs/context.ts';
import { type Answers, childAnswer } from './answers.ts';

/** Event that is stored. */
export interface StoredEvent extends EventKey {
  id: string;
}

/**
 * Matches stored events and ended runs with the log entries that wait for them. It remembers which events and runs are
 * awaited at all, so that others cost no query.
 */
export class Matching {
  readonly #db: Database;
  readonly #answers: Answers;
  /** Number of waits noted for each event, by tenant and key. */
  readonly #awaitedEvents = new Map<string, number>();
  readonly #awaitedRuns = new Set<string>();
  readonly #events: Queue<StoredEvent>;
  readonly #lookBacks: Queue<EntryRef>;
  readonly #runIds: Queue<string>;

  constructor({ db, answers, onError }: { db: Database; answers: Answers; onError(error: unknown): void }) {
    this.#db = db;
    this.#answers = answers;
    this.#events = new Queue(db, (events) => this.#matchEvents(events), onError);
    this.#lookBacks = new Queue(db, (nodes) => this.#matchStored(nodes), onError);
    this.#runIds = new Queue(db, (ids) => this.#matchRuns(ids), onError);
  }

  /** To be called once a wait for the event is committed, and before it is acknowledged. */
  awaitEvent(event: EventKey): void {
    this.#awaitedEvents.set(nameOf(event), this.#waitsFor(event) + 1);
  }

  /** To be called before the run can end. */
  awaitRun(runId: string): void {
    this.#awaitedRuns.add(runId);
  }

  forgetRun(runId: string): void {
    this.#awaitedRuns.delete(runId);
  }

  /** To be called once the events are committed. */
  eventsStored(events: readonly StoredEvent[]): void {
    this.#events.push(...events.filter((event) => this.#waitsFor(event) > 0));
  }

  /** To be called once the run has ended, or may have. */
  runEnded(runId: string): void {
    if (this.#awaitedRuns.has(runId)) this.#runIds.push(runId);
  }

  /** Searches stored events for a wait that also accepts earlier ones. */
  lookBack(node: EntryRef): void {
    this.#lookBacks.push(node);
  }

  /** Reads the awaited events and runs, and matches those that came while no engine ran. */
  async recover(): Promise<void> {
    for (const event of await awaitedEvents(this.#db)) this.awaitEvent(event);
    for (const { runId, ended } of await awaitedRuns(this.#db)) {
      this.awaitRun(runId);
      if (ended) this.runEnded(runId);
    }
    await this.#answers.storeMatches('process-durable-matches', await matchesOfStoredEvents(this.#db));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#events.stop(), this.#lookBacks.stop(), this.#runIds.stop()]);
  }

  #waitsFor(event: EventKey): number {
    return this.#awaitedEvents.get(nameOf(event)) ?? 0;
  }

  async #matchEvents(events: readonly StoredEvent[]): Promise<void> {
    const waits = new Map(events.map((event) => [event, this.#waitsFor(event)]));
    const matches = await matchesOfEvents(
      this.#db,
      events.map(({ id }) => id),
    );
    await this.#answers.storeMatches('process-durable-matches', matches);
    const unawaited = new Set((await unawaitedEvents(this.#db, events)).map(nameOf));
    for (const [event, before] of waits) {
      // A wait noted since the read still needs the event.
      const unchanged = this.#waitsFor(event) === before;
      if (unchanged && unawaited.has(nameOf(event))) this.#awaitedEvents.delete(nameOf(event));
    }
  }

  async #matchStored(nodes: readonly EntryRef[]): Promise<void> {
    await this.#answers.storeMatches('process-durable-matches', await matchesOfNodes(this.#db, nodes));
  }

  async #matchRuns(ids: readonly string[]): Promise<void> {
    const results = new Map((await finishedRuns(this.#db, ids)).map((result) => [result.id, result]));
    const answered = (await nodesOfRuns(this.#db, [...results.keys()])).flatMap((node) => {
      const result = results.get(node.childRunId);
      return result ? [{ node, answer: childAnswer(result) }] : [];
    });
    if (answered.length > 0) await this.#storeChildAnswers(answered);
    for (const id of results.keys()) this.forgetRun(id);
  }

  async #storeChildAnswers(answered: readonly { node: AwaitedRun; answer: Answer }[]): Promise<void> {
    const links = runSpanContexts(answered.map(({ node }) => node));
    const attributes = { 'batch.item_count': answered.length };
    await runSpan('process-durable-matches', { root: true, links, attributes }, () =>
      this.#answers.store(answered.map(({ node: { taskId, nodeId }, answer }) => ({ taskId, nodeId, ...answer }))),
    );
  }
}

function nameOf({ tenantId, key }: EventKey): string {
  return `${tenantId} ${key}`;
}
