import { randomUUID } from 'node:crypto';
import { HatchetClient } from '@hatchet-dev/typescript-sdk';
import {
  type AssignedAction,
  type BatchActionEvent,
  DispatcherDefinition,
  type StepActionEvent,
} from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import {
  type Event,
  EventsServiceDefinition,
  type PushEventRequest,
} from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { V1DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { WorkflowServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { createServer, ServerError, Status } from 'nice-grpc';
import { type DurableEngine, durableEngine } from './durable.ts';
import { Mailbox } from './mailbox.ts';
import { type RestRequest, startRest } from './rest.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const WORKER = '11111111-1111-4111-8111-111111111111';

/**
 * Part of an engine that the patches need, over real gRPC. It keeps received requests, assigns each run to its only
 * worker and repeats an attempt on demand.
 */
export interface TestEngine {
  readonly client: HatchetClient;
  /** Environment for a client in another process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Parsed metadata of received runs and events, in order. */
  readonly metadata: (Record<string, string> | undefined)[];
  /** Reports of the worker. */
  readonly reports: StepActionEvent[];
  /** Reports of batches. */
  readonly batchReports: BatchActionEvent[];
  /** Received lines of `ctx.logger`. */
  readonly logs: { readonly message: string; readonly metadata: unknown }[];
  /** POST requests to the REST API. */
  readonly requests: RestRequest[];
  readonly durable: DurableEngine;
  /** Kinds of calls that fail. */
  readonly failing: Set<Failing>;
  /** Sends an action: by default START_STEP_RUN of the task; `more` replaces fields. */
  dispatch(actionId: string, more?: Partial<AssignedAction>): AssignedAction;
  cancel(action: AssignedAction, payload?: string): void;
  /** Resolves with the worker's report of this type for the attempt: 1 started, 2 completed, 3 failed. */
  reported(taskRunId: string, eventType: number, retryCount?: number): Promise<StepActionEvent>;
  /** Forgets all received requests, failures and tasks. */
  reset(): void;
  stop(): Promise<void>;
}

type Failing = 'trigger' | 'push' | 'completed' | 'rest';

export async function startEngine(
  config: { namespace?: string; excludedAttributes?: string[] } = {},
): Promise<TestEngine> {
  const metadata: TestEngine['metadata'] = [];
  const reports: StepActionEvent[] = [];
  const logs: { message: string; metadata: unknown }[] = [];
  const batchReports: BatchActionEvent[] = [];
  const durable = durableEngine();
  const registered = new Set<string>();
  const failing: TestEngine['failing'] = new Set();
  const queue = new Mailbox<AssignedAction>();
  const waiting = new Set<() => void>();

  const refuse = (kind: Failing) => {
    if (failing.has(kind)) throw new ServerError(Status.INTERNAL, `no ${kind} today`);
  };
  const dispatch: TestEngine['dispatch'] = (actionId, more = {}) => {
    const [, taskName = ''] = actionId.split(':');
    const id = randomUUID();
    const action: AssignedAction = {
      tenantId: TENANT,
      workflowRunId: id,
      getGroupKeyRunId: '',
      jobId: randomUUID(),
      jobName: taskName,
      jobRunId: id,
      taskId: randomUUID(),
      taskRunExternalId: id,
      actionId,
      actionType: 0,
      actionPayload: JSON.stringify({ input: {}, triggered_by: 'manual', parents: {}, triggers: {} }),
      taskName,
      retryCount: 0,
      priority: 1,
      ...more,
    };
    queue.put(action);
    return action;
  };
  const accept = (request: { name: string; input: string; additionalMetadata?: string | undefined }): string => {
    metadata.push(request.additionalMetadata ? JSON.parse(request.additionalMetadata) : undefined);
    // a run of an unregistered workflow stays in the queue
    if (!registered.has(request.name)) return randomUUID();
    const { workflowRunId } = dispatch(`${request.name}:${request.name}`, {
      actionPayload: JSON.stringify({
        input: JSON.parse(request.input || '{}'),
        triggered_by: 'manual',
        parents: {},
        triggers: {},
      }),
      additionalMetadata: request.additionalMetadata,
    });
    return workflowRunId;
  };
  const event = (request: PushEventRequest): Event => {
    metadata.push(request.additionalMetadata ? JSON.parse(request.additionalMetadata) : undefined);
    return {
      tenantId: TENANT,
      eventId: randomUUID(),
      key: request.key,
      payload: request.payload,
      eventTimestamp: request.eventTimestamp,
      additionalMetadata: request.additionalMetadata,
      scope: request.scope,
    };
  };
  const known = { tenantId: TENANT, workerId: WORKER };

  const server = createServer();
  server.add(DispatcherDefinition, {
    getVersion: async () => ({ version: 'v0.90.0' }),
    register: async ({ workerName }) => ({ ...known, workerName }),
    listen: unimplemented,
    listenV2: (_request, { signal }) => queue.take(signal),
    heartbeat: async () => ({}),
    subscribeToWorkflowEvents: unimplemented,
    subscribeToWorkflowRuns: unimplemented,
    sendStepActionEvent: async (report) => {
      if (report.eventType === 2) refuse('completed');
      reports.push(report);
      for (const wake of waiting) wake();
      return known;
    },
    sendBatchActionEvent: async (report) => {
      if (report.eventType === 2) refuse('completed');
      batchReports.push(report);
      return known;
    },
    sendGroupKeyActionEvent: async () => known,
    putOverridesData: async () => ({}),
    unsubscribe: async () => known,
    refreshTimeout: async () => ({ timeoutAt: undefined }),
    releaseSlot: async () => ({}),
    restoreEvictedTask: async () => ({ requeued: false }),
    upsertWorkerLabels: async () => known,
  });
  server.add(WorkflowServiceDefinition, {
    putWorkflow: unimplementedCall,
    scheduleWorkflow: unimplementedCall,
    triggerWorkflow: async (request) => {
      refuse('trigger');
      return { workflowRunId: accept(request) };
    },
    bulkTriggerWorkflow: async ({ workflows }) => {
      refuse('trigger');
      return { workflowRunIds: workflows.map(accept) };
    },
    putRateLimit: async () => ({}),
  });
  server.add(AdminServiceDefinition, {
    putWorkflow: async ({ name }) => {
      registered.add(name.toLowerCase());
      return { id: randomUUID(), workflowId: randomUUID() };
    },
    cancelTasks: unimplementedCall,
    replayTasks: unimplementedCall,
    triggerWorkflowRun: unimplementedCall,
    getRunDetails: unimplementedCall,
    branchDurableTask: unimplementedCall,
  });
  server.add(EventsServiceDefinition, {
    push: async (request) => {
      refuse('push');
      return event(request);
    },
    bulkPush: async ({ events }) => {
      refuse('push');
      return { events: events.map(event) };
    },
    replaySingleEvent: unimplementedCall,
    putLog: async ({ message, metadata }) => {
      logs.push({ message, metadata: metadata ? JSON.parse(metadata) : undefined });
      return {};
    },
    putStreamEvent: async () => ({}),
  });
  server.add(V1DispatcherDefinition, durable.service);
  const port = await server.listen('127.0.0.1:0');
  const rest = await startRest(() => failing.has('rest'));

  const token = `ey.${Buffer.from(JSON.stringify({ sub: TENANT })).toString('base64url')}.`;
  const client = new HatchetClient({
    token,
    host_port: `127.0.0.1:${port}`,
    api_url: rest.url,
    tls_config: { tls_strategy: 'none' },
    log_level: 'OFF',
    logger: () => SILENT,
    retrier: { maxAttempts: 1 },
    ...(config.namespace && { namespace: config.namespace }),
    ...(config.excludedAttributes && {
      otel: {
        excludedAttributes: config.excludedAttributes,
        includeTaskNameInSpanName: false,
        individualRunSpansForBulkRun: false,
      },
    }),
  });
  return {
    client,
    environment: {
      HATCHET_CLIENT_TOKEN: token,
      HATCHET_CLIENT_HOST_PORT: `127.0.0.1:${port}`,
      HATCHET_CLIENT_API_URL: rest.url,
      HATCHET_CLIENT_TLS_STRATEGY: 'none',
      HATCHET_CLIENT_LOG_LEVEL: 'OFF',
    },
    metadata,
    reports,
    logs,
    batchReports,
    requests: rest.requests,
    durable,
    failing,
    dispatch,
    cancel: (action, payload = '') => queue.put({ ...action, actionType: 1, actionPayload: payload }),
    async reported(taskRunId, eventType, retryCount = 0) {
      const find = () =>
        reports.find(
          (report) =>
            report.taskRunExternalId === taskRunId &&
            report.eventType === eventType &&
            report.retryCount === retryCount,
        );
      for (let report = find(); ; report = find()) {
        if (report) return report;
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
    reset() {
      failing.clear();
      for (const arrived of [metadata, reports, batchReports, logs, rest.requests]) arrived.length = 0;
      durable.reset();
    },
    async stop() {
      queue.close();
      durable.stop();
      rest.stop();
      server.forceShutdown();
    },
  };
}

async function unimplementedCall(): Promise<never> {
  throw new ServerError(Status.UNIMPLEMENTED, 'not in this engine');
}

// biome-ignore lint/correctness/useYield: a stream that always fails
async function* unimplemented(): AsyncGenerator<never> {
  throw new ServerError(Status.UNIMPLEMENTED, 'not in this engine');
}

const nothing = async (): Promise<void> => undefined;
const SILENT = { debug: nothing, info: nothing, green: nothing, warn: nothing, error: nothing, util: nothing };
