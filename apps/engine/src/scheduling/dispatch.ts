import { runSpan, withTenant } from '@hatchet-ts/server-otel';
import type { Assignment, RunRow, TaskRow } from '@hatchet-ts/storage/runs';
import type { AssignedBatch } from '../batch/batcher.ts';
import { now } from '../clock.ts';
import { cancelAction, startAction } from '../contract/assigned-action.ts';
import { startBatchAction } from '../contract/batch-action.ts';
import { MOST_BYTES } from '../contract/limits.ts';
import { runSpanContext, runSpanContexts } from '../runs/context.ts';
import type { Registry } from '../runs/registry.ts';
import type { Settle } from '../runs/settlement.ts';
import { recordQueued } from '../runs/spans.ts';
import type { Tell } from '../runs/transition.ts';
import type { WorkerPool } from './worker-pool.ts';

export interface DispatchDeps {
  pool: WorkerPool;
  registry: Registry;
  settle: Settle;
  onError(error: unknown): void;
}

/** Room for what an action says beside what the user has written. */
const REST_OF_ACTION = 16 * 1024;

/** Sends workers what was decided and committed, each message in the trace of the run that it is about. */
export class Dispatch {
  readonly #deps: DispatchDeps;

  constructor(deps: DispatchDeps) {
    this.#deps = deps;
  }

  assigned(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) {
      const { task, run } = assignment;
      const steps = this.#deps.registry.steps(run.versionId);
      const stream = this.#deps.pool.stream(task.workerId);
      if (!stream) {
        this.#giveAgain(task);
        continue;
      }
      const action = startAction(assignment, steps);
      const bytes = Buffer.byteLength(action.actionPayload) + Buffer.byteLength(action.additionalMetadata ?? '');
      if (bytes > MOST_BYTES - REST_OF_ACTION) {
        this.#refuse(task, bytes);
        continue;
      }
      inTraceOf(run, 'send-to-worker', task, () => stream.send(action));
      recordQueued(run, task, steps[task.step], now());
    }
  }

  /** One message for all; a trace of its own, because it is about many runs. */
  assignedBatch(batch: AssignedBatch): void {
    const { assignments } = batch;
    const { task, run } = assignments[0]!;
    const stream = this.#deps.pool.stream(task.workerId);
    if (!stream) {
      for (const assignment of assignments) this.#giveAgain(assignment.task);
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

  stop(run: RunRow, task: TaskRow, tell: Tell): void {
    const stream = task.workerId === null ? undefined : this.#deps.pool.stream(task.workerId);
    const steps = this.#deps.registry.steps(run.versionId);
    if (stream) inTraceOf(run, 'cancel-task', task, () => stream.send(cancelAction(task, tell, steps)));
  }

  /** One message that a worker does not take ends its whole stream. */
  #refuse({ id: taskId, runId, retryCount }: TaskRow, bytes: number): void {
    const message = `the task's input, metadata and parents' outputs are ${bytes} bytes: a worker takes ${MOST_BYTES}`;
    const error = JSON.stringify({ message });
    this.#deps
      .settle([{ runId, event: { kind: 'failed', taskId, retryCount, error, mayRetry: false } }])
      .catch(this.#deps.onError);
  }

  /** The worker's stream broke between the decision and now. */
  #giveAgain({ id: taskId, runId, retryCount }: TaskRow): void {
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
