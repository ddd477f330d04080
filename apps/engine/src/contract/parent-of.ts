import {
  DispatcherDefinition,
  type StepActionEvent,
} from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import {
  type BulkPushEventRequest,
  EventsServiceDefinition,
  type PushEventRequest,
} from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import type { TriggerWorkflowRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/shared/trigger.js';
import {
  AdminServiceDefinition,
  type CancelTasksRequest,
  type GetRunDetailsRequest,
} from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import {
  type BulkTriggerWorkflowRequest,
  WorkflowServiceDefinition,
} from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { readCarrier } from '@hatchet-ts/sdk-otel/propagation';
import type { SpanContext } from '@opentelemetry/api';
import type { RunContexts } from './run-contexts.ts';

type ParentOf = (path: string, request: unknown) => Promise<SpanContext | undefined>;

/**
 * The parent of a call's SERVER span where its gRPC metadata has none, as the official SDK's never has: the carrier in
 * the request, the first item's of a bulk, else the context of the run that the request names.
 */
export function parentOfCalls(contexts: RunContexts): ParentOf {
  const trigger = async (request: TriggerWorkflowRequest | undefined) =>
    readCarrier(request?.additionalMetadata) ??
    (request?.parentTaskRunExternalId ? contexts.ofRun(request.parentTaskRunExternalId) : undefined);
  const push = async (request: PushEventRequest | undefined) => readCarrier(request?.additionalMetadata);

  const admin = (method: { name: string }) => `/${AdminServiceDefinition.fullName}/${method.name}`;
  const dispatcher = (method: { name: string }) => `/${DispatcherDefinition.fullName}/${method.name}`;
  const events = (method: { name: string }) => `/${EventsServiceDefinition.fullName}/${method.name}`;
  const workflows = (method: { name: string }) => `/${WorkflowServiceDefinition.fullName}/${method.name}`;

  // Each method's request is of the type that its definition decodes.
  const table = new Map<string, (request: never) => Promise<SpanContext | undefined>>([
    [workflows(WorkflowServiceDefinition.methods.triggerWorkflow), trigger],
    [
      workflows(WorkflowServiceDefinition.methods.bulkTriggerWorkflow),
      (request: BulkTriggerWorkflowRequest) => trigger(request.workflows[0]),
    ],
    [events(EventsServiceDefinition.methods.push), push],
    [events(EventsServiceDefinition.methods.bulkPush), (request: BulkPushEventRequest) => push(request.events[0])],
    [
      dispatcher(DispatcherDefinition.methods.sendStepActionEvent),
      (request: StepActionEvent) => contexts.ofAttempt(request.taskRunExternalId, request.retryCount ?? 0),
    ],
    ...[
      DispatcherDefinition.methods.refreshTimeout,
      DispatcherDefinition.methods.releaseSlot,
      DispatcherDefinition.methods.restoreEvictedTask,
    ].map((method): [string, (request: { taskRunExternalId: string }) => Promise<SpanContext | undefined>] => [
      dispatcher(method),
      (request) => contexts.ofRun(request.taskRunExternalId),
    ]),
    [
      admin(AdminServiceDefinition.methods.getRunDetails),
      (request: GetRunDetailsRequest) => contexts.ofRun(request.externalId),
    ],
    [
      admin(AdminServiceDefinition.methods.cancelTasks),
      (request: CancelTasksRequest) => contexts.ofRun(request.externalIds[0] ?? ''),
    ],
  ]);
  return async (path, request) => table.get(path)?.(request as never);
}
