import {
  DispatcherDefinition,
  type RefreshTimeoutRequest,
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
  type ScheduleWorkflowRequest,
  WorkflowServiceDefinition,
} from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { isUuid } from '@hatchet-ts/internal/uuid';
import { readCarrier, readCreation } from '@hatchet-ts/sdk-otel/propagation';
import type { Queryable } from '@hatchet-ts/storage';
import { runContext } from '@hatchet-ts/storage/runs';
import type { SpanContext } from '@opentelemetry/api';
import type { WorkerPool } from '../placement/worker-pool.ts';
import { runSpanContext } from '../runs/context.ts';

/** Span contexts of a tenant's runs: of attempts from memory, of others from the database. */
export class RunContexts {
  readonly #db: Queryable;
  readonly #pool: WorkerPool;
  readonly #tracing: boolean;

  /** @param tracing false if this process makes no spans: then no context is read. */
  constructor(db: Queryable, pool: WorkerPool, tracing: boolean) {
    this.#db = db;
    this.#pool = pool;
    this.#tracing = tracing;
  }

  /** Context of a run, by its id or that of one of its tasks. */
  async ofRun(tenantId: string, id: string): Promise<SpanContext | undefined> {
    if (!this.#tracing || !isUuid(id)) return undefined;
    const row = await runContext(this.#db, id);
    return row?.tenantId === tenantId ? runSpanContext(row) : undefined;
  }

  async ofAttempt(tenantId: string, taskId: string, retryCount: number): Promise<SpanContext | undefined> {
    const attempt = this.#pool.attempt(taskId, retryCount);
    return attempt?.tenantId === tenantId ? runSpanContext(attempt) : this.ofRun(tenantId, taskId);
  }
}

type Found = Promise<SpanContext | undefined>;
/** Finds the tenant of a call's token, if that is valid. */
type TenantOf<Metadata> = (metadata: Metadata) => Promise<string | undefined>;

/**
 * Finds the parent of a call's SERVER span if its gRPC metadata has none (the official SDK never sends any): the carrier in
 * the request, in a bulk that of the first item, else the context of the run that the request names. The database is
 * queried only for callers with a valid token, and only for their own runs.
 */
export function callParents<Metadata>(
  contexts: Pick<RunContexts, 'ofRun' | 'ofAttempt'>,
  tenantOf: TenantOf<Metadata>,
): (path: string, request: unknown, metadata: Metadata) => Found {
  type Caller = () => Promise<string | undefined>;

  const ofRun = async (caller: Caller, id: string | undefined) => {
    const tenantId = id ? await caller() : undefined;
    return tenantId && id ? contexts.ofRun(tenantId, id) : undefined;
  };
  const started = async (request: TriggerWorkflowRequest | ScheduleWorkflowRequest | undefined, caller: Caller) =>
    readCreation(request?.additionalMetadata) ?? ofRun(caller, request?.parentTaskRunExternalId);
  const pushed = async (request: PushEventRequest | undefined) => readCarrier(request?.additionalMetadata);
  const ofAttempt = async ({ taskRunExternalId, retryCount }: StepActionEvent, caller: Caller) => {
    const tenantId = await caller();
    return tenantId ? contexts.ofAttempt(tenantId, taskRunExternalId, retryCount ?? 0) : undefined;
  };
  const ofFirst = ({ externalIds }: CancelTasksRequest, caller: Caller) => ofRun(caller, externalIds[0]);
  const ofTask = ({ taskRunExternalId }: RefreshTimeoutRequest, caller: Caller) => ofRun(caller, taskRunExternalId);

  const admin = (method: { name: string }) => `/${AdminServiceDefinition.fullName}/${method.name}`;
  const dispatcher = (method: { name: string }) => `/${DispatcherDefinition.fullName}/${method.name}`;
  const events = (method: { name: string }) => `/${EventsServiceDefinition.fullName}/${method.name}`;
  const workflows = (method: { name: string }) => `/${WorkflowServiceDefinition.fullName}/${method.name}`;

  // Each method's request is of the type that its definition decodes.
  const table = new Map<string, (request: never, caller: Caller) => Found>([
    [workflows(WorkflowServiceDefinition.methods.triggerWorkflow), started],
    [workflows(WorkflowServiceDefinition.methods.scheduleWorkflow), started],
    [
      workflows(WorkflowServiceDefinition.methods.bulkTriggerWorkflow),
      (request: BulkTriggerWorkflowRequest, caller) => started(request.workflows[0], caller),
    ],
    [events(EventsServiceDefinition.methods.push), pushed],
    [events(EventsServiceDefinition.methods.bulkPush), (request: BulkPushEventRequest) => pushed(request.events[0])],
    [dispatcher(DispatcherDefinition.methods.sendStepActionEvent), ofAttempt],
    [dispatcher(DispatcherDefinition.methods.refreshTimeout), ofTask],
    [dispatcher(DispatcherDefinition.methods.releaseSlot), ofTask],
    [dispatcher(DispatcherDefinition.methods.restoreEvictedTask), ofTask],
    [
      admin(AdminServiceDefinition.methods.getRunDetails),
      (request: GetRunDetailsRequest, caller) => ofRun(caller, request.externalId),
    ],
    [admin(AdminServiceDefinition.methods.cancelTasks), ofFirst],
    [admin(AdminServiceDefinition.methods.replayTasks), ofFirst],
  ]);
  return async (path, request, metadata) => table.get(path)?.(request as never, () => tenantOf(metadata));
}
