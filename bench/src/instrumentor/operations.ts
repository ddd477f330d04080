import { randomUUID } from 'node:crypto';
import { HatchetClient } from '@hatchet-dev/typescript-sdk';
import { createAction } from '@hatchet-dev/typescript-sdk/clients/dispatcher/action.js';
import { InternalWorker } from '@hatchet-dev/typescript-sdk/v1/client/worker/worker-internal.js';

/** Operations of the SDK that the bench measures. */
export type OperationName = 'task' | 'run' | 'run ten' | 'push' | 'push ten';

export const OPERATION_NAMES: readonly OperationName[] = ['task', 'run', 'run ten', 'push', 'push ten'];

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const nothing = async (): Promise<void> => undefined;
const SILENT = { debug: nothing, info: nothing, green: nothing, warn: nothing, error: nothing, util: nothing };

/**
 * Creates the operations on the SDK's own classes. Their gRPC stubs answer at once, so the bench measures the SDK and the
 * instrumentor, without a network.
 *
 * @param bytes size of the input
 */
export function createOperations(bytes: number): Record<OperationName, () => Promise<unknown>> {
  const hatchet = new HatchetClient({
    token: `ey.${Buffer.from(JSON.stringify({ sub: TENANT })).toString('base64url')}.`,
    host_port: '127.0.0.1:1',
    api_url: 'http://127.0.0.1:1',
    tls_config: { tls_strategy: 'none' },
    log_level: 'OFF',
    logger: () => SILENT,
  });
  const client = {
    triggerWorkflow: async () => ({ workflowRunId: randomUUID() }),
    bulkTriggerWorkflow: async ({ workflows }: { workflows: unknown[] }) => ({
      workflowRunIds: workflows.map(() => randomUUID()),
    }),
    push: async () => ({ eventId: randomUUID() }),
    bulkPush: async ({ events }: { events: unknown[] }) => ({ events: events.map(() => ({ eventId: randomUUID() })) }),
    sendStepActionEvent: async () => ({}),
  };
  Object.assign(hatchet.admin, { workflowsGrpc: client });
  Object.assign(hatchet.events, { client });
  Object.assign(hatchet.dispatcher, { client });
  const worker = new InternalWorker(hatchet, { name: 'bench', handleKill: false } as never);
  Object.assign(worker, { workerId: randomUUID(), action_registry: { 'order:charge': async () => ({ ok: true }) } });

  const input = { text: 'x'.repeat(bytes) };
  const actionPayload = JSON.stringify({ input, triggered_by: 'manual', parents: {}, triggers: {} });
  const additionalMetadata = JSON.stringify({ team: 'a', traceparent: TRACEPARENT });
  const ids = createIds();
  const action = () =>
    createAction({
      tenantId: TENANT,
      workflowRunId: ids.next().value,
      getGroupKeyRunId: '',
      jobId: TENANT,
      jobName: 'charge',
      jobRunId: TENANT,
      taskId: TENANT,
      taskRunExternalId: ids.next().value,
      actionId: 'order:charge',
      actionType: 0,
      actionPayload,
      taskName: 'charge',
      retryCount: 0,
      priority: 1,
      additionalMetadata,
      workflowId: TENANT,
      workflowVersionId: TENANT,
    } as never);
  const options = { additionalMetadata: { team: 'a' }, priority: 1 };
  const runs = Array.from({ length: 10 }, () => ({ workflowName: 'order', input, options }));
  const events = Array.from({ length: 10 }, () => ({ payload: input, additionalMetadata: { team: 'a' } }));
  return {
    task: () => worker.handleStartStepRun(action()),
    run: () => hatchet.admin.runWorkflow('order', input, options),
    'run ten': () => hatchet.admin.runWorkflows(runs),
    push: () => hatchet.events.push('order:paid', input, { additionalMetadata: { team: 'a' } }),
    'push ten': () => hatchet.events.bulkPush('order:paid', events),
  };
}

/** Creates ids like those of a decoded gRPC message: flat strings, each a new one. */
function* createIds(): Generator<string, never> {
  const encoded = Array.from({ length: 8192 }, () => Buffer.from(randomUUID()));
  for (let i = 0; ; i++) yield encoded[i % encoded.length]!.toString('latin1');
}
