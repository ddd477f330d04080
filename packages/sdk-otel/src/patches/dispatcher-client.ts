import type { DispatcherClient } from '@hatchet-dev/typescript-sdk/clients/dispatcher/dispatcher-client.js';
import type { Attempt } from '../attempts.ts';
import { type PreparedCall, tracedCall } from '../traced-call.ts';
import type { ClassPatch } from './class-patch.ts';

/**
 * `DispatcherClient.sendStepActionEvent` and `.sendBatchActionEvent` make no span. The SDK swallows a report that does not reach the engine, and
 * returns nothing for success, cancellation and eviction alike: the reports tell the attempts' ends apart.
 */
export const dispatcherClientPatch: ClassPatch = {
  file: 'clients/dispatcher/dispatcher-client.js',
  className: 'DispatcherClient',
  later: ['sendBatchActionEvent'], // 1.28
  wrappers: {
    sendStepActionEvent: (original, telemetry) =>
      function sendStepActionEvent(this: DispatcherClient, ...args: ReportArgs) {
        return tracedCall(
          'watching a report',
          args,
          (given): ReportResult => original.apply(this, given),
          () => {
            const [{ taskRunExternalId, retryCount, eventType, eventPayload }] = args;
            const attempt = telemetry.attempts.find(taskRunExternalId, retryCount);
            return reporting(args, attempt, eventType, () => eventPayload);
          },
        );
      },
    sendBatchActionEvent: (original, telemetry) =>
      function sendBatchActionEvent(this: DispatcherClient, ...args: BatchReportArgs) {
        return tracedCall(
          'watching the report of a batch',
          args,
          (given): BatchReportResult => original.apply(this, given),
          () => {
            const [{ batchId, eventType, items }] = args;
            return reporting(args, telemetry.attempts.latest(batchId), eventType, () => items[0]?.eventPayload);
          },
        );
      },
  },
};

type ReportArgs = Parameters<DispatcherClient['sendStepActionEvent']>;
type ReportResult = ReturnType<DispatcherClient['sendStepActionEvent']>;
type BatchReportArgs = Parameters<DispatcherClient['sendBatchActionEvent']>;
type BatchReportResult = ReturnType<DispatcherClient['sendBatchActionEvent']>;

// StepActionEventType of the wire contract; its enum is a value, and the SDK is not loaded by us
const REPORTS: Readonly<Record<number, Attempt['report']>> = { 2: 'completed', 3: 'failed', 5: 'cancelled' };

function reporting<Args extends readonly unknown[], Result>(
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
    failed: (thrown) => {
      attempt.reportError = { thrown };
    },
  };
}

// the SDK's own failures are a text, a task's are an object with message and stack
function reportedFailure(payload: string | undefined): unknown {
  const said: unknown = JSON.parse(payload ?? '""');
  return typeof said === 'string' ? { name: 'report', message: said } : said;
}
