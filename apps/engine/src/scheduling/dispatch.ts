import type { AssignedAction } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { runSpan, withTenant } from '@hatchet-ts/server-otel';
import type { Assignment, BatchableTask, RunRow, TaskRow } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { cancelAction, type StopReason, startAction } from '../messages/assigned-action.ts';
import { type AssignedBatch, startBatchAction } from '../messages/batch-action.ts';
import { MOST_BYTES } from '../messages/limits.ts';
import type { WorkerPool } from '../placement/worker-pool.ts';
import { runSpanContext, runSpanContexts } from '../runs/context.ts';
import type { Registry } from '../runs/registry.ts';
import type { Settle } from '../runs/settlement.ts';
import type { RunSpans } from '../runs/spans.ts';

export interface DispatchDeps {
  pool: WorkerPool;
  registry: Registry;
  spans: RunSpans;
  settle: Settle;
  onError(error: unknown): void;
}

/** Room for the fields of an action other than payload and metadata. */
const OTHER_FIELDS = 16 * 1024;
const STREAM_BROKE = 'the stream to the worker broke';

/** Sends committed assignments and cancellations to workers, each message in the trace of its run. */
export class Dispatch {
  readonly #deps: DispatchDeps;

  constructor(deps: DispatchDeps) {
    this.#deps = deps;
  }

  sendAssignments(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) this.#tryToSend([assignment], () => this.#sendOne(assignment));
  }

  /** Sends one message for all tasks of a batch. */
  sendBatch(batch: AssignedBatch): void {
    this.#tryToSend(batch.assignments, () => this.#sendTogether(batch));
  }

  /** Queues the tasks again if sending them throws: their assignment is committed, and the others are still to be sent. */
  #tryToSend(assignments: readonly Assignment[], send: () => void): void {
    try {
      send();
    } catch (error) {
      this.#deps.onError(error);
      for (const { task } of assignments)
        this.#reassign(task, 'the engine could not send the task; see the engine log');
    }
  }

  #sendOne(assignment: Assignment): void {
    const { task, run } = assignment;
    const steps = this.#deps.registry.steps(run.versionId);
    const stream = this.#deps.pool.stream(task.workerId);
    if (!stream) {
      this.#reassign(task, STREAM_BROKE);
      return;
    }
    const action = startAction(assignment, steps);
    const bytes = bytesOf(action);
    if (bytes > MOST_BYTES - OTHER_FIELDS) {
      this.#failTooLarge(task, bytes);
      return;
    }
    inTraceOf(run, 'send-to-worker', task, () => stream.send(action));
    this.#deps.spans.recordQueued(run, task, steps[task.step], { at: now() });
  }

  /** Sends a batch in a trace of its own, because its tasks belong to many runs. */
  #sendTogether(batch: AssignedBatch): void {
    const { assignments } = batch;
    const { task, run } = assignments[0]!;
    const stream = this.#deps.pool.stream(task.workerId);
    if (!stream) {
      for (const assignment of assignments) this.#reassign(assignment.task, STREAM_BROKE);
      return;
    }
    const steps = this.#deps.registry.steps(run.versionId);
    const action = startBatchAction(batch, steps);
    const bytes = bytesOf(action);
    if (bytes > MOST_BYTES - OTHER_FIELDS) {
      for (const assignment of assignments) this.#failTooLarge(assignment.task, bytes);
      return;
    }
    const links = runSpanContexts(assignments.map((assignment) => assignment.run));
    const counts = { 'batch.item_count': assignments.length };
    const attributes = { 'worker.id': task.workerId, 'action.id': task.action, ...counts };
    withTenant(run.tenantId, () =>
      runSpan('send-to-worker', { root: true, links, attributes }, () => stream.send(action)),
    );
    const at = now();
    for (const assignment of assignments) {
      this.#deps.spans.recordQueued(assignment.run, assignment.task, steps[task.step], { at });
    }
  }

  /** Fails queued tasks that no batch can hold. */
  async rejectUnbatchable(tasks: readonly BatchableTask[]): Promise<void> {
    await this.#deps.settle(
      tasks.map(({ id: taskId, runId, batchKeyError }) => ({
        runId,
        event: { kind: 'rejected', taskId, error: batchKeyError ?? '' },
      })),
    );
  }

  cancel(run: RunRow, task: TaskRow, reason: StopReason): void {
    const stream = task.workerId === null ? undefined : this.#deps.pool.stream(task.workerId);
    const steps = this.#deps.registry.steps(run.versionId);
    if (stream) inTraceOf(run, 'cancel-task', task, () => stream.send(cancelAction(task, reason, steps)));
  }

  /** Fails a task whose message would exceed the worker's limit: sending it would end the worker's whole stream. */
  #failTooLarge({ id: taskId, runId, retryCount }: TaskRow, bytes: number): void {
    const message = `the task's input, metadata and parents' outputs have ${bytes} bytes; a worker accepts ${MOST_BYTES}`;
    const error = JSON.stringify({ message });
    this.#deps
      .settle([{ runId, event: { kind: 'failed', taskId, retryCount, error, mayRetry: false } }])
      .catch(this.#deps.onError);
  }

  /** Queues a task again that did not reach its worker. */
  #reassign({ id: taskId, runId, retryCount }: TaskRow, error: string): void {
    const event = { kind: 'worker-lost', taskId, retryCount, error } as const;
    this.#deps.settle([{ runId, event }]).catch(this.#deps.onError);
  }
}

function bytesOf({ actionPayload, additionalMetadata = '' }: AssignedAction): number {
  return Buffer.byteLength(actionPayload) + Buffer.byteLength(additionalMetadata);
}

function inTraceOf(run: RunRow, name: 'send-to-worker' | 'cancel-task', task: TaskRow, send: () => void): void {
  const attributes = {
    'worker.id': task.workerId,
    'workflow_run.id': run.id,
    'step_run.id': task.id,
    'action.id': task.action,
    retry_count: task.retryCount,
  };
  withTenant(run.tenantId, () => runSpan(name, { parent: runSpanContext(run), attributes }, send));
}
