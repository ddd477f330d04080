import type { DispatcherClient } from '@hatchet-dev/typescript-sdk/clients/dispatcher/dispatcher-client.js';
import type { SpanContext } from '@opentelemetry/api';
import type { Attempt } from '../attempts/attempt-memory.ts';
import { type PreparedCall, traceCall } from '../call/prepared-call.ts';
import { formatTraceparent, TRACEPARENT } from '../context/carrier.ts';
import { untracedAtRoot } from '../context/untraced.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';

/**
 * Watches `DispatcherClient.sendStepActionEvent` and `.sendBatchActionEvent`, and keeps heartbeats from making spans under
 * an instrumentation of gRPC; makes no span. The SDK swallows the error of
 * an undelivered report and returns nothing for success, cancellation and eviction alike, so the reports distinguish
 * these ends of an attempt.
 */
export const dispatcherClientPatch: ClassPatch = {
  file: 'clients/dispatcher/dispatcher-client.js',
  className: 'DispatcherClient',
  later: ['sendBatchActionEvent'], // 1.28
  assignments: { client: hideHeartbeats },
  wrappers: {
    sendStepActionEvent: (original, telemetry) =>
      function sendStepActionEvent(this: DispatcherClient, ...args: ReportArgs) {
        return traceCall(
          'watching a report',
          args,
          (callArgs): ReportResult => original.apply(this, callArgs),
          () => {
            const [event] = args;
            const { taskRunExternalId, retryCount, eventType, eventPayload } = event;
            const attempt = telemetry.attempts.find(taskRunExternalId, retryCount);
            const call = prepareReport<ReportArgs, ReportResult>(args, attempt, eventType, () => eventPayload);
            if (eventType !== STARTED || !attempt?.span || !attempt.sendsContext) return call;
            const withContext: ReportArgs = [{ ...event, eventPayload: contextPayload(attempt.span) }];
            return { args: withContext };
          },
        );
      },
    sendBatchActionEvent: (original, telemetry) =>
      function sendBatchActionEvent(this: DispatcherClient, ...args: BatchReportArgs) {
        return traceCall(
          'watching the report of a batch',
          args,
          (callArgs): BatchReportResult => original.apply(this, callArgs),
          () => {
            const [{ batchId, eventType, items }] = args;
            const batch = telemetry.attempts.latest(batchId);
            if (batch && eventType === STARTED) {
              telemetry.attempts.addMembers(
                batch,
                items.map(({ taskRunExternalId }) => taskRunExternalId),
              );
            }
            return prepareReport(args, batch, eventType, () => items[0]?.eventPayload);
          },
        );
      },
  },
};

/** A worker sends a heartbeat every four seconds, from a thread of its own. */
function hideHeartbeats(value: unknown): void {
  const client = value as DispatcherClient['client'];
  const { heartbeat } = client;
  client.heartbeat = (...args) => untracedAtRoot(() => heartbeat(...args));
}

type ReportArgs = Parameters<DispatcherClient['sendStepActionEvent']>;
type ReportResult = ReturnType<DispatcherClient['sendStepActionEvent']>;
type BatchReportArgs = Parameters<DispatcherClient['sendBatchActionEvent']>;
type BatchReportResult = ReturnType<DispatcherClient['sendBatchActionEvent']>;

// values of StepActionEventType in the wire contract; importing its enum would load the SDK
const STARTED = 1;
const REPORTS: Readonly<Record<number, Attempt['report']>> = { 2: 'completed', 3: 'failed', 5: 'cancelled' };

function prepareReport<Args extends readonly unknown[], Result>(
  args: Args,
  attempt: Attempt | undefined,
  eventType: number,
  payload: () => string | undefined,
): PreparedCall<Args, Result> | undefined {
  if (!attempt?.observe) return undefined;
  attempt.observe();
  const report = REPORTS[eventType];
  if (!report || attempt.report) return undefined;
  attempt.report = report;
  if (report === 'failed') attempt.reportedFailure = reportedFailure(payload());
  return {
    args,
    onError: (thrown) => {
      attempt.reportError = { thrown };
    },
  };
}

function contextPayload(span: SpanContext): string {
  return JSON.stringify({ [TRACEPARENT]: formatTraceparent(span) });
}

// a failure of the SDK is a text, that of a task an object with message and stack
function reportedFailure(payload: string | undefined): unknown {
  const failure: unknown = JSON.parse(payload ?? '""');
  return typeof failure === 'string' ? { name: 'report', message: failure } : failure;
}
