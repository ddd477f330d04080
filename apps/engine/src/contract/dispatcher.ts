import {
  type AssignedAction,
  DispatcherDefinition,
  type DispatcherServiceImplementation,
  type SubscribeToWorkflowRunsRequest,
  type WorkerRegisterRequest,
  type WorkflowRunEvent,
} from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { isUuid } from '@hatchet-ts/internal/uuid';
import { messageSpan, streamOpened } from '@hatchet-ts/server-otel';
import { type CallContext, ServerError, Status } from 'nice-grpc';
import type { Durable } from '../durable/durable.ts';
import { ENGINE_VERSION } from '../messages/hatchet-texts.ts';
import { Refusal } from '../refusal.ts';
import type { Reports } from '../runs/reports.ts';
import type { Results } from '../runs/results.ts';
import type { RunningTasks } from '../runs/running-tasks.ts';
import type { Workers } from '../scheduling/workers.ts';
import type { Authorized } from './authorization.ts';
import type { RunContexts } from './call-parent.ts';
import { durationMs, uuidField } from './fields.ts';
import { Outbox } from './outbox.ts';
import { runEvent } from './run-event.ts';
import { type RunProgressDeps, runProgress } from './run-progress.ts';
import { reportBatch, reportStep } from './step-events.ts';
import { unimplemented } from './unimplemented.ts';

export interface DispatcherDeps extends RunProgressDeps {
  workers: Workers;
  reports: Reports;
  running: RunningTasks;
  durable: Durable;
  results: Results;
  contexts: RunContexts;
}

type Call = CallContext & Authorized;
const SUBSCRIBE = `/${DispatcherDefinition.fullName}/${DispatcherDefinition.methods.subscribeToWorkflowRuns.name}`;

/** `Dispatcher`: the workers' calls, and the stream of results. */
export function dispatcherService(deps: DispatcherDeps): DispatcherServiceImplementation<Authorized> {
  const { workers, reports, running, durable } = deps;
  return {
    ...unimplemented<typeof DispatcherDefinition, Authorized>(DispatcherDefinition),
    async getVersion() {
      return { version: ENGINE_VERSION };
    },
    async register(request, { tenantId }) {
      const worker = newWorker(request);
      const workerId = await workers.register({ ...worker, tenantId });
      return { tenantId, workerId, workerName: worker.name };
    },
    listenV2: ({ workerId }, call) => actions(deps, workerId, call),
    async heartbeat({ workerId }, { tenantId }) {
      await workers.heartbeat(await workers.find(tenantId, uuidField(workerId, 'workerId')));
      return {};
    },
    async unsubscribe({ workerId }, { tenantId }) {
      await workers.unsubscribe(await workers.find(tenantId, uuidField(workerId, 'workerId')));
      return { tenantId, workerId };
    },
    async upsertWorkerLabels({ workerId, labels }, { tenantId }) {
      await workers.upsertLabels(await workers.find(tenantId, uuidField(workerId, 'workerId')), workerLabels(labels));
      return { tenantId, workerId };
    },
    async sendStepActionEvent(event, { tenantId }) {
      await reportStep(reports, tenantId, event);
      return { tenantId, workerId: event.workerId };
    },
    async sendBatchActionEvent({ eventType, batchId, items, workerId }, { tenantId }) {
      await reportBatch(reports, { tenantId, batchId: uuidField(batchId ?? '', 'batchId') }, eventType, items);
      return { tenantId, workerId };
    },
    async refreshTimeout({ taskRunExternalId, incrementTimeoutBy }, { tenantId }) {
      const byMs = durationMs(incrementTimeoutBy);
      if (byMs === undefined)
        throw new Refusal('invalid', 'incrementTimeoutBy must be a duration such as 30s or 1h30m');
      const taskId = uuidField(taskRunExternalId, 'taskRunExternalId');
      return { timeoutAt: await running.extendTimeout(tenantId, taskId, byMs) };
    },
    async releaseSlot({ taskRunExternalId }, { tenantId }) {
      await running.releaseSlots(tenantId, uuidField(taskRunExternalId, 'taskRunExternalId'));
      return {};
    },
    async restoreEvictedTask({ taskRunExternalId }, { tenantId }) {
      return { requeued: await durable.restore(tenantId, uuidField(taskRunExternalId, 'taskRunExternalId')) };
    },
    subscribeToWorkflowRuns: (requests, call) => runEvents(deps, requests, call),
    subscribeToWorkflowEvents: (request, call) => runProgress(deps, request, call),
  };
}

function newWorker(request: WorkerRegisterRequest): Omit<Parameters<Workers['register']>[0], 'tenantId'> {
  const { workerName, actions, slotConfig, slots, labels, runtimeInfo } = request;
  const given = Object.keys(slotConfig).length > 0 ? slotConfig : { default: slots ?? 100 };
  return {
    name: workerName,
    actions: actions.map((action) => action.toLowerCase()),
    slots: given,
    labels: workerLabels(labels),
    runtime: { ...runtimeInfo },
  };
}

function workerLabels(labels: WorkerRegisterRequest['labels']): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(labels).map(([key, { strValue, intValue }]) => [key, strValue ?? intValue ?? '']),
  );
}

/** Streams the actions for one worker while it listens. */
async function* actions(
  { workers, stopping }: DispatcherDeps,
  workerId: string,
  { tenantId, signal }: Call,
): AsyncGenerator<AssignedAction> {
  const worker = await workers.find(tenantId, uuidField(workerId, 'workerId'));
  const outbox = new Outbox<AssignedAction>();
  const close = await workers.listen(worker, {
    send: (action) => outbox.send(action),
    replaced: () => outbox.fail(new ServerError(Status.ABORTED, 'the worker has opened another stream')),
  });
  streamOpened();
  try {
    yield* outbox.messages(signal, stopping);
  } finally {
    close();
  }
}

/** Streams the results of the runs that a client names, each once it has ended; the stream itself never ends. */
async function* runEvents(
  { results, contexts, stopping }: DispatcherDeps,
  requests: AsyncIterable<SubscribeToWorkflowRunsRequest>,
  { tenantId, signal }: Call,
): AsyncGenerator<WorkflowRunEvent> {
  const outbox = new Outbox<WorkflowRunEvent>();
  const subscriptions = new Map<string, () => void>();

  async function subscribe(runId: string): Promise<void> {
    // A malformed id is treated like the id of a run that does not exist yet.
    if (!isUuid(runId)) return;
    const parent = await contexts.ofRun(tenantId, runId);
    messageSpan(SUBSCRIBE, { parent }, () => {
      subscriptions.get(runId)?.();
      const stop = results.subscribe(tenantId, runId.toLowerCase(), (result) => {
        subscriptions.delete(runId);
        outbox.send({ ...runEvent(result), workflowRunId: runId });
      });
      subscriptions.set(runId, stop);
    });
  }

  async function read(): Promise<void> {
    for await (const { workflowRunId } of requests) await subscribe(workflowRunId);
  }

  read().catch((error: Error) => outbox.fail(error));
  try {
    yield* outbox.messages(signal, stopping);
  } finally {
    for (const stop of subscriptions.values()) stop();
  }
}
