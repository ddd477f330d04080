import type { DurableTaskResponse } from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { runSpan, withTenant } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import {
  answersOfNodes,
  countDeliverableAnswers,
  type Delivery,
  type DurableTask,
  deliverableAnswers,
  durableTasks,
} from '@hatchet-ts/storage/durable';
import type { EpochMs } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { runSpanContext } from '../runs/context.ts';
import { singleLoop } from '../scheduling/single-loop.ts';
import { answerMessage, type InvocationRef } from './messages.ts';

/** An answer that was sent more recently is on its way: the worker could not know of it when it said what it waits for. */
const ON_THE_WAY_MS = 500;
const LONG_AGO = 0;

/** Where messages for the durable tasks of a worker are written to: a stream of its. */
export interface DurableStream {
  tenantId: string;
  send(message: DurableTaskResponse): void;
}

/** An invocation that a worker has, as far as its stream is concerned. */
export interface Invocation {
  task: DurableTask;
  /** Unset once the stream is closed: the worker opens another and says what it waits for. */
  stream: DurableStream | undefined;
  /** The last node whose request was acknowledged: an answer must not be there before that. */
  acknowledged: number;
  /** How many answers were sent. */
  sent: number;
  /** Nodes whose answers were sent, and when, as long as the worker has not shown that it has them. */
  unconfirmed: Map<number, EpochMs>;
}

/** The invocations that workers have, and the answers on their way to them. */
export class Invocations {
  readonly #db: Queryable;
  readonly #known = new Map<string, Invocation>();
  readonly #toDeliver = new Set<string>();
  readonly #loop;

  constructor(db: Queryable, onError: (error: unknown) => void) {
    this.#db = db;
    this.#loop = singleLoop(() => this.#deliver(), onError);
  }

  /** The invocations that a stream names, now belonging to it; those that are over are left out. */
  async of(stream: DurableStream, refs: readonly InvocationRef[]): Promise<Map<string, Invocation>> {
    const strangers = refs.filter(
      ({ taskId, invocation }) => this.#current(stream, taskId)?.task.invocation !== invocation,
    );
    if (strangers.length > 0) await this.#adopt(stream, strangers);
    const found = refs.flatMap(({ taskId, invocation }) => {
      const known = this.#current(stream, taskId);
      if (known?.task.invocation !== invocation) return [];
      if (known.stream !== stream) {
        known.stream = stream;
        for (const nodeId of known.unconfirmed.keys()) known.unconfirmed.set(nodeId, LONG_AGO);
        this.deliver(taskId);
      }
      return [[taskId, known] as const];
    });
    return new Map(found);
  }

  /** A task's current invocation is over. */
  ended(taskId: string): void {
    this.#known.delete(taskId);
  }

  closed(stream: DurableStream): void {
    for (const invocation of this.#known.values()) if (invocation.stream === stream) invocation.stream = undefined;
  }

  /** There may be an answer for this task's invocation. */
  deliver(taskId: string): void {
    if (!this.#known.has(taskId)) return;
    this.#toDeliver.add(taskId);
    this.#loop.wake();
  }

  /** The worker waits for the answers of these nodes and has those of all others: what it may have missed goes out again. */
  async confirm(waiting: readonly { invocation: Invocation; nodeIds: readonly number[] }[]): Promise<void> {
    const overdue = now() - ON_THE_WAY_MS;
    const missed = waiting.flatMap(({ invocation, nodeIds }) => {
      const unconfirmed = nodeIds.flatMap((nodeId): [number, EpochMs][] => {
        const sentAt = invocation.unconfirmed.get(nodeId);
        return sentAt === undefined ? [] : [[nodeId, sentAt]];
      });
      invocation.unconfirmed = new Map(unconfirmed.filter(([, sentAt]) => sentAt > overdue));
      return unconfirmed
        .filter(([, sentAt]) => sentAt <= overdue)
        .map(([nodeId]) => ({ taskId: invocation.task.taskId, nodeId }));
    });
    if (missed.length > 0) for (const answer of await answersOfNodes(this.#db, missed)) this.#send(answer);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #current({ tenantId }: DurableStream, taskId: string): Invocation | undefined {
    const known = this.#known.get(taskId);
    return known?.task.tenantId === tenantId ? known : undefined;
  }

  /** Invocations that began before this engine did, or have said nothing yet. */
  async #adopt(stream: DurableStream, refs: readonly InvocationRef[]): Promise<void> {
    const taskIds = refs.map(({ taskId }) => taskId);
    const tasks = await durableTasks(this.#db, taskIds);
    const counts = await countDeliverableAnswers(this.#db, taskIds);
    for (const task of tasks) {
      if (task.tenantId !== stream.tenantId || task.status !== 'RUNNING') continue;
      const sent = counts.get(task.taskId) ?? 0;
      const nodes = Array.from({ length: task.cursor }, (_, index) => index + 1);
      // Another engine may have sent them; the worker will say which it still waits for.
      const unconfirmed = new Map(sent > 0 ? nodes.map((nodeId) => [nodeId, LONG_AGO]) : []);
      this.#known.set(task.taskId, { task, stream, acknowledged: task.cursor, sent, unconfirmed });
    }
  }

  async #deliver(): Promise<void> {
    const taskIds = [...this.#toDeliver];
    this.#toDeliver.clear();
    const targets = taskIds.flatMap((taskId) => {
      const known = this.#known.get(taskId);
      if (!known?.stream) return [];
      const { acknowledged, sent } = known;
      return [{ taskId, invocation: known.task.invocation, after: sent, cursor: acknowledged }];
    });
    if (targets.length === 0) return;
    try {
      for (const answer of await deliverableAnswers(this.#db, targets)) this.#send(answer);
    } catch (error) {
      for (const taskId of taskIds) this.#toDeliver.add(taskId);
      throw error;
    }
  }

  #send(answer: Delivery): void {
    const { taskId, nodeId, runId, tenantId, satisfiedOrder } = answer;
    const known = this.#known.get(taskId);
    if (!known?.stream || known.task.invocation !== answer.invocation) return;
    const { stream } = known;
    known.sent = Math.max(known.sent, satisfiedOrder);
    known.unconfirmed.set(nodeId, now());
    const attributes = { 'workflow_run.id': runId, 'step_run.id': taskId };
    withTenant(tenantId, () =>
      runSpan('send-durable-answer', { parent: runSpanContext(answer), attributes }, () =>
        stream.send(answerMessage(answer)),
      ),
    );
  }
}
