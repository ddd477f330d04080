import type { Attributes } from '@opentelemetry/api';
import type { HatchetAttribute } from './attributes.ts';
import { errorType } from './failure.ts';
import { guarded } from './guard.ts';
import type { Outcome } from './outcome.ts';
import {
  ATTR_ERROR_TYPE,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_SYSTEM,
} from './semconv.ts';
import { queueTime, type TaskAction, type TaskHost, workflowNameOf } from './task-action.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * The metrics of a task that starts now, or of a batch.
 *
 * @returns what to call when it is over; undefined when nobody measures
 */
export function measuredTask(
  { metrics, settings }: Telemetry,
  action: TaskAction,
  host: TaskHost,
  messages = 1,
): ((outcome: Outcome, failure: { readonly thrown: unknown } | undefined) => void) | undefined {
  if (!metrics) return undefined;
  const excluded = settings.excludedFor(host.client);
  const workflowName = workflowNameOf(action);
  const task = kept(excluded, { workflow_name: workflowName, step_name: action.taskName });
  const waited = queueTime(action);
  const start = performance.now();
  guarded('measuring a task', () => {
    metrics.active(messages, task);
    if (waited !== undefined) metrics.queued(waited / 1000, task);
  });
  return (outcome, failure) =>
    guarded('measuring a task', () => {
      metrics.active(-messages, task);
      metrics.processed((performance.now() - start) / 1000, messages, {
        [ATTR_MESSAGING_SYSTEM]: 'hatchet',
        [ATTR_MESSAGING_OPERATION_NAME]: 'process',
        ...(!excluded.has('workflow_name') && { [ATTR_MESSAGING_DESTINATION_NAME]: workflowName }),
        ...kept(excluded, { step_name: action.taskName, outcome }),
        ...(failure && {
          [ATTR_ERROR_TYPE]: guarded('naming an error', () => errorType(failure.thrown)) ?? 'unknown',
        }),
      });
    });
}

function kept(
  excluded: ReadonlySet<HatchetAttribute>,
  values: { readonly [A in 'workflow_name' | 'step_name' | 'outcome']?: string },
): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(values)) {
    if (!excluded.has(name as HatchetAttribute)) attributes[`hatchet.${name}`] = value;
  }
  return attributes;
}
