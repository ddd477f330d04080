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
import { recordQueued } from '../runs/spans.ts';

export interface DispatchDeps {
  pool: WorkerPool;
  registry: Registry;
  settle: Settle;
  onError(error: unknown): void;
}

/** Room for the fields of an action other than payload and metadata. */
const OTHER_FIELDS = 16 * 1024;

/** Sends committed assignments and cancellations to workers, each message in the trace of its run. */
export class Dispatch {
  readonly #deps: DispatchDeps;

  constructor(deps: DispatchDeps) {
    this.#deps = deps;
  }

  sendAssignments(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) {
      const { task, run } = assignment;
      const steps = this.#deps.registry.steps(run.versionId);
      const stream = this.#deps.pool.stream(task.workerId);
      if (!stream) {
        this.#reassign(task);
        continue;
      }
      const action = startAction(assignment, steps);
      const bytes = Buffer.byteLength(action.actionPayload) + Buffer.byteLength(action.additionalMetadata ?? '');
      if (bytes > MOST_BYTES - OTHER_FIELDS) {
        this.#failTooLarge(task, bytes);
        continue;
      }
      inTraceOf(run, 'send-to-worker', task, () => stream.send(action));
      recordQueued(run, task, steps[task.step], now());
    }
  }

  /** Sends one message for all tasks, in a trace of its own because they belong to many runs. */
  sendBatch(batch: AssignedBatch): void {
    const { assignments } = batch;
    const { task, run } = assignments[0]!;
    const stream = this.#deps.pool.stream(task.workerId);
    if (!stream) {
      for (const assignment of assignments) this.#reassign(assignment.task);
      return;
    }
    const steps = this.#deps.registry.steps(run.versionId);
    const links = runSpanContexts(assignments.map((assignment) => assignment.run));
    const counts = { 'batch.item_count': assignments.length };
    const attributes = { 'worker.id': task.workerId, 'action.id': task.action, ...counts };
    withTenant(run.tenantId, () =>
      runSpan('send-to-worker', { root: true, links, attributes }, () => stream.send(startBatchAction(batch, steps))),
    );
    const at = now();
    for (const assignment of assignments) recordQueued(assignment.run, assignment.task, steps[task.step], at);
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

  /** Queues a task again whose worker's stream broke after the assignment. */
  #reassign({ id: taskId, runId, retryCount }: TaskRow): void {
    const event = { kind: 'worker-lost', taskId, retryCount, error: 'the stream to the worker broke' } as const;
    this.#deps.settle([{ runId, event }]).catch(this.#deps.onError);
  }
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
