import {
  type BatchActionEventItem,
  type StepActionEvent,
  StepActionEventType,
} from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import type { Reports } from '../runs/reports.ts';
import { jsonField, storableText, uuidField } from './fields.ts';

/** Handles a worker's report on an attempt. */
export async function reportStep(reports: Reports, tenantId: string, event: StepActionEvent): Promise<void> {
  await REPORTS[event.eventType]?.(reports, tenantId, event);
}

function attempt(tenantId: string, { taskRunExternalId, retryCount }: StepActionEvent) {
  return { tenantId, taskId: uuidField(taskRunExternalId, 'taskRunExternalId'), retryCount: retryCount ?? 0 };
}

/** Handles a worker's report on the start of a batch, or on the end of some of its items. */
export async function reportBatch(
  reports: Reports,
  batch: { tenantId: string; batchId: string },
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

const REPORTS: Record<number, (reports: Reports, tenantId: string, event: StepActionEvent) => Promise<void>> = {
  [StepActionEventType.STEP_EVENT_TYPE_STARTED]: (reports, tenantId, event) =>
    reports.started(attempt(tenantId, event)),
  [StepActionEventType.STEP_EVENT_TYPE_COMPLETED]: (reports, tenantId, event) =>
    reports.completed(attempt(tenantId, event), jsonField(storableText(event.eventPayload), 'eventPayload')),
  [StepActionEventType.STEP_EVENT_TYPE_FAILED]: (reports, tenantId, event) =>
    reports.failed(attempt(tenantId, event), storableText(event.eventPayload), !event.shouldNotRetry),
  [StepActionEventType.STEP_EVENT_TYPE_CANCELLED]: (reports, tenantId, event) =>
    reports.cancelled(attempt(tenantId, event)),
};
