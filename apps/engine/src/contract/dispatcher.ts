import {
  type AssignedAction,
  type BatchActionEventItem,
  DispatcherDefinition,
  type DispatcherServiceImplementation,
  type StepActionEvent,
  StepActionEventType,
  type WorkerRegisterRequest,
} from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { readCarrier, TRACEPARENT, writeCarrier } from '@hatchet-ts/sdk-otel/propagation';
import { streamOpened } from '@hatchet-ts/server-otel';
import { type CallContext, ServerError, Status } from 'nice-grpc';
import type { Durable } from '../durable/durable.ts';
import { ENGINE_VERSION } from '../messages/hatchet-texts.ts';
import { Refusal } from '../refusal.ts';
import type { ReportedAttempt, ReportedBatch, Reports } from '../runs/reports.ts';
import type { RunningTasks } from '../runs/running-tasks.ts';
import type { Workers } from '../scheduling/workers.ts';
import type { Authorized } from './authorization.ts';
import { durationMs, jsonField, storableText, uuidField } from './fields.ts';
import { Outbox } from './outbox.ts';
import { type RunProgressDeps, runProgress } from './run-progress.ts';
import { type RunResultsDeps, runResults } from './run-results.ts';
import { unimplemented } from './unimplemented.ts';

export interface DispatcherDeps extends RunProgressDeps, RunResultsDeps {
  workers: Workers;
  reports: Reports;
  running: RunningTasks;
  durable: Durable;
}

type Call = CallContext & Authorized;

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
    subscribeToWorkflowRuns: (requests, call) => runResults(deps, requests, call),
    subscribeToWorkflowEvents: (request, call) => runProgress(deps, request, call),
  };
}

function newWorker(request: WorkerRegisterRequest): Omit<Parameters<Workers['register']>[0], 'tenantId'> {
  const { workerName, actions, slotConfig, slots, labels, runtimeInfo } = request;
  const given = Object.keys(slotConfig).length > 0 ? slotConfig : { default: slots ?? 100 };
  return {
    name: workerName,
    // SDKs write an action in lower case, but not all of them everywhere.
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

/** Handles a worker's report on an attempt; other events are ignored. */
async function reportStep(reports: Reports, tenantId: string, event: StepActionEvent): Promise<void> {
  switch (event.eventType) {
    case StepActionEventType.STEP_EVENT_TYPE_STARTED:
      return reports.started({ ...reportedAttempt(tenantId, event), spanTraceparent: reportedContext(event) });
    case StepActionEventType.STEP_EVENT_TYPE_COMPLETED:
      return reports.completed(
        reportedAttempt(tenantId, event),
        jsonField(storableText(event.eventPayload), 'eventPayload'),
      );
    case StepActionEventType.STEP_EVENT_TYPE_FAILED:
      return reports.failed(reportedAttempt(tenantId, event), storableText(event.eventPayload), !event.shouldNotRetry);
    case StepActionEventType.STEP_EVENT_TYPE_CANCELLED:
      return reports.cancelled(reportedAttempt(tenantId, event));
  }
}

/** Reads the context of the attempt's span, which an instrumented worker sends with the start. */
function reportedContext({ eventPayload }: StepActionEvent): string | undefined {
  const context = readCarrier(eventPayload);
  return context && String(writeCarrier({}, context)[TRACEPARENT]);
}

function reportedAttempt(tenantId: string, { taskRunExternalId, retryCount }: StepActionEvent): ReportedAttempt {
  return { tenantId, taskId: uuidField(taskRunExternalId, 'taskRunExternalId'), retryCount: retryCount ?? 0 };
}

/** Handles a worker's report on the start of a batch, or on the end of some of its items. */
async function reportBatch(
  reports: Reports,
  batch: ReportedBatch,
  eventType: StepActionEventType,
  items: readonly BatchActionEventItem[],
): Promise<void> {
  const named = items.map((item) => ({ ...item, taskId: uuidField(item.taskRunExternalId, 'taskRunExternalId') }));
  switch (eventType) {
    case StepActionEventType.STEP_EVENT_TYPE_STARTED:
      return reports.batchStarted(batch);
    case StepActionEventType.STEP_EVENT_TYPE_COMPLETED:
      return reports.batchCompleted(
        batch,
        new Map(
          named.map(({ taskId, eventPayload }) => [taskId, jsonField(storableText(eventPayload), 'eventPayload')]),
        ),
      );
    case StepActionEventType.STEP_EVENT_TYPE_FAILED:
      return reports.batchFailed(
        batch,
        new Map(
          named.map(({ taskId, eventPayload, shouldNotRetry }) => [
            taskId,
            { error: storableText(eventPayload), mayRetry: !shouldNotRetry },
          ]),
        ),
      );
    case StepActionEventType.STEP_EVENT_TYPE_CANCELLED:
      return reports.batchCancelled(
        batch,
        named.map(({ taskId }) => taskId),
      );
  }
}
