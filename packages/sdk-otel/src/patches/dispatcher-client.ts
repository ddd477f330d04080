import type { DispatcherClient } from '@hatchet-dev/typescript-sdk/clients/dispatcher/dispatcher-client.js';
import type { Attempt } from '../attempts.ts';
import { tracedCall } from '../traced-call.ts';
import type { ClassPatch } from './class-patch.ts';

/**
 * `DispatcherClient.sendStepActionEvent` makes no span. The SDK swallows a report that does not reach the engine, and
 * returns nothing for success, cancellation and eviction alike: the reports tell the attempts' ends apart.
 */
export const dispatcherClientPatch: ClassPatch = {
  file: 'clients/dispatcher/dispatcher-client.js',
  className: 'DispatcherClient',
  wrappers: {
    sendStepActionEvent: (original, telemetry) =>
      function sendStepActionEvent(this: DispatcherClient, ...args: ReportArgs) {
        return tracedCall(
          'watching a report',
          args,
          (given): ReportResult => original.apply(this, given),
          () => {
            const [event] = args;
            const attempt = telemetry.attempts.find(event.taskRunExternalId, event.retryCount);
            if (!telemetry.enabled || !attempt?.observe) return undefined;
            attempt.observe();
            const report = REPORTS[event.eventType];
            if (!report || attempt.report) return { args };
            attempt.report = report;
            if (report === 'failed') attempt.reportedFailure = reportedFailure(event.eventPayload);
            return { args, failed: (thrown) => failed(attempt, thrown) };
          },
        );
      },
  },
};

type ReportArgs = Parameters<DispatcherClient['sendStepActionEvent']>;
type ReportResult = ReturnType<DispatcherClient['sendStepActionEvent']>;

// StepActionEventType of the wire contract; its enum is a value, and the SDK is not loaded by us
const REPORTS: Readonly<Record<number, Attempt['report']>> = { 2: 'completed', 3: 'failed' };

// the SDK's own failures are a text, a task's are an object with message and stack
function reportedFailure(payload: string): unknown {
  const said: unknown = JSON.parse(payload);
  return typeof said === 'string' ? { name: 'report', message: said } : said;
}

function failed(attempt: Attempt, thrown: unknown): void {
  attempt.reportError = { thrown };
}
