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
import { SingleLoop } from '../loops/single-loop.ts';
import { answerMessage, type InvocationRef } from '../messages/durable-response.ts';
import { runSpanContext } from '../runs/context.ts';

/** Time that an answer may be in transit: a worker's status sent meanwhile does not reflect it. */
const IN_TRANSIT_MS = 500;
const LONG_AGO = 0;

/** Stream of messages to the durable tasks of a worker. */
export interface DurableStream {
  tenantId: string;
  send(message: DurableTaskResponse): void;
}

/** Invocation that a worker runs, and the state of its answers. */
export interface Invocation {
  task: DurableTask;
  /** Unset once the stream is closed: the worker opens another one and sends its status. */
  stream: DurableStream | undefined;
  /** Last node whose request was acknowledged; an answer must not be sent before that. */
  acknowledged: number;
  /** Number of answers sent. */
  sent: number;
  /** Send times of the answers that the worker has not confirmed, by node. */
  unconfirmed: Map<number, EpochMs>;
}

/** Invocations that workers run, and the delivery of answers to them. */
export class Invocations {
  readonly #db: Queryable;
  readonly #known = new Map<string, Invocation>();
  readonly #toDeliver = new Set<string>();
  /** One set for each running `#adopt`: the invocations that have ended since it began. */
  readonly #endedSince = new Set<Set<string>>();
  readonly #loop: SingleLoop;

  constructor(db: Queryable, onError: (error: unknown) => void) {
    this.#db = db;
    this.#loop = new SingleLoop(() => this.#deliver(), onError);
  }

  /** Finds invocations and attaches them to the stream; those that have ended are absent from the result. */
  async attach(stream: DurableStream, refs: readonly InvocationRef[]): Promise<Map<string, Invocation>> {
    const unknown = refs.filter(
      ({ taskId, invocation }) => this.#current(stream, taskId)?.task.invocation !== invocation,
    );
    if (unknown.length > 0) await this.#adopt(stream, unknown);
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

  /** To be called once an invocation has ended. */
  ended(ref: InvocationRef): void {
    for (const ended of this.#endedSince) ended.add(keyOf(ref));
    if (this.#known.get(ref.taskId)?.task.invocation === ref.invocation) this.#known.delete(ref.taskId);
  }

  /** Drops the invocations without a stream: another engine may have answered them meanwhile. */
  recover(): void {
    for (const [taskId, { stream }] of this.#known) if (!stream) this.#known.delete(taskId);
  }

  closed(stream: DurableStream): void {
    for (const invocation of this.#known.values()) if (invocation.stream === stream) invocation.stream = undefined;
  }

  /** Delivers new answers of this task, if a worker runs it. */
  deliver(taskId: string): void {
    if (!this.#known.has(taskId)) return;
    this.#toDeliver.add(taskId);
    this.#loop.wake();
  }

  /** Handles a worker's status: it waits for these nodes and has the answers of all others. Lost answers are sent again. */
  async confirm(waiting: readonly { invocation: Invocation; nodeIds: readonly number[] }[]): Promise<void> {
    const overdue = now() - IN_TRANSIT_MS;
    const lost = waiting.flatMap(({ invocation, nodeIds }) => {
      const unconfirmed = nodeIds.flatMap((nodeId): [number, EpochMs][] => {
        const sentAt = invocation.unconfirmed.get(nodeId);
        return sentAt === undefined ? [] : [[nodeId, sentAt]];
      });
      invocation.unconfirmed = new Map(unconfirmed.filter(([, sentAt]) => sentAt > overdue));
      return unconfirmed
        .filter(([, sentAt]) => sentAt <= overdue)
        .map(([nodeId]) => ({ taskId: invocation.task.taskId, nodeId }));
    });
    if (lost.length > 0) for (const answer of await answersOfNodes(this.#db, lost)) this.#send(answer);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #current({ tenantId }: DurableStream, taskId: string): Invocation | undefined {
    const known = this.#known.get(taskId);
    return known?.task.tenantId === tenantId ? known : undefined;
  }

  /** Loads invocations that an earlier engine started, or that have made no request yet. */
  async #adopt(stream: DurableStream, refs: readonly InvocationRef[]): Promise<void> {
    const taskIds = refs.map(({ taskId }) => taskId);
    const ended = new Set<string>();
    this.#endedSince.add(ended);
    try {
      const tasks = await durableTasks(this.#db, taskIds);
      const counts = await countDeliverableAnswers(this.#db, taskIds);
      for (const task of tasks) {
        if (!ended.has(keyOf(task))) this.#add(stream, task, counts.get(task.taskId) ?? 0);
      }
    } finally {
      this.#endedSince.delete(ended);
    }
  }

  #add(stream: DurableStream, task: DurableTask, sent: number): void {
    if (task.tenantId !== stream.tenantId || task.status !== 'RUNNING') return;
    // A concurrent request may have added it, and moved its cursor.
    const known = this.#known.get(task.taskId);
    if (known && known.task.invocation >= task.invocation) return;
    const nodes = Array.from({ length: task.cursor }, (_, index) => index + 1);
    // An earlier engine may have sent them; the worker's status will name those it still waits for.
    const unconfirmed = new Map(sent > 0 ? nodes.map((nodeId) => [nodeId, LONG_AGO]) : []);
    this.#known.set(task.taskId, { task, stream, acknowledged: task.cursor, sent, unconfirmed });
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

function keyOf({ taskId, invocation }: InvocationRef): string {
  return `${taskId} ${invocation}`;
}
