import { EventClient } from '@hatchet-dev/typescript-sdk/clients/event/event-client.js';
import { AdminClient } from '@hatchet-dev/typescript-sdk/v1/client/admin.js';
import { InternalWorker } from '@hatchet-dev/typescript-sdk/v1/client/worker/worker-internal.js';
import { type Attributes, context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';

// Lowest possible cost of a correct span and its context: without options, links, state and error handling. It is a floor
// for comparison, not a usable instrumentor.

const tracer = trace.getTracer('minimal');

/** Wraps three methods. A bulk call has one span and one context. */
export function instrumentMinimally(): void {
  wrap(InternalWorker.prototype, 'handleStartStepRun', function (this: InternalWorker, original, args) {
    const [action] = args as Parameters<InternalWorker['handleStartStepRun']>;
    const above = propagation.extract(ROOT_CONTEXT, JSON.parse(String(action.additionalMetadata)));
    const span = tracer.startSpan('hatchet.start_step_run', { kind: SpanKind.CONSUMER }, above);
    if (span.isRecording()) span.setAttributes(taskAttributes(action, this.workerId));
    return context.with(trace.setSpan(above, span), async () => {
      try {
        return await original.apply(this, args);
      } finally {
        span.end();
      }
    });
  });
  wrap(AdminClient.prototype, 'runWorkflow', (original, args, self) => {
    const [name, input, options] = args as [string, object, { additionalMetadata?: object }];
    return sendInSpan('hatchet.run_workflow', { 'hatchet.workflow_name': name }, (carrier) =>
      original.apply(self, [
        name,
        input,
        { ...options, additionalMetadata: { ...options.additionalMetadata, ...carrier } },
      ]),
    );
  });
  wrap(EventClient.prototype, 'push', (original, args, self) => {
    const [key, input, options] = args as [string, object, { additionalMetadata?: object }];
    return sendInSpan('hatchet.push_event', { 'hatchet.event_key': key }, (carrier) =>
      original.apply(self, [
        key,
        input,
        { ...options, additionalMetadata: { ...options.additionalMetadata, ...carrier } },
      ]),
    );
  });
}

async function sendInSpan(name: string, attributes: Attributes, call: (carrier: object) => unknown): Promise<unknown> {
  const span = tracer.startSpan(name, { kind: SpanKind.PRODUCER });
  if (span.isRecording()) span.setAttributes(attributes);
  const below = trace.setSpan(context.active(), span);
  const carrier = {};
  propagation.inject(below, carrier);
  try {
    return await context.with(below, () => call(carrier));
  } finally {
    span.end();
  }
}

type Call = (...args: unknown[]) => unknown;

function wrap(
  prototype: object,
  method: string,
  replacement: (this: never, original: Call, args: unknown[], self: unknown) => unknown,
) {
  const methods = prototype as Record<string, Call>;
  const original = methods[method]!;
  methods[method] = function (this: unknown, ...args: unknown[]) {
    return replacement.call(this as never, original, args, this);
  };
}

function taskAttributes(
  action: Parameters<InternalWorker['handleStartStepRun']>[0],
  workerId: string | undefined,
): Attributes {
  return {
    'hatchet.tenant_id': action.tenantId,
    'hatchet.worker_id': workerId,
    'hatchet.workflow_run_id': action.workflowRunId,
    'hatchet.step_id': action.taskId,
    'hatchet.step_run_id': action.taskRunExternalId,
    'hatchet.retry_count': action.retryCount,
    'hatchet.workflow_name': action.jobName,
    'hatchet.action_name': action.actionId,
    'hatchet.step_name': action.taskName,
    'hatchet.workflow_id': action.workflowId,
    'hatchet.workflow_version_id': action.workflowVersionId,
    'messaging.system': 'hatchet',
  };
}
