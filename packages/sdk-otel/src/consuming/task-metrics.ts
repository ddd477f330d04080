import { errorType } from '@hatchet-ts/internal/thrown-value';
import type { Attributes } from '@opentelemetry/api';
import type { Outcome } from '../attempts/outcome.ts';
import { guard } from '../call/guard.ts';
import type { HatchetAttribute, HatchetValues } from '../tables/attributes.ts';
import {
  ATTR_ERROR_TYPE,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_SYSTEM,
} from '../tables/semconv.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { TaskFacts } from './task-facts.ts';

/**
 * Starts to measure a task or a batch.
 *
 * @param messages number of items of a batch
 * @returns a function to call at its end; undefined without a meter provider
 */
export function measureTask(
  { metrics, settings }: Telemetry,
  { worker, names, identity, queueTime }: TaskFacts,
  messages = 1,
): ((outcome: Outcome, failure: { readonly thrown: unknown } | undefined) => void) | undefined {
  if (!metrics) return undefined;
  const excluded = settings.excludedFor(worker.client);
  const { workflow_name } = names;
  const { step_name } = identity;
  const task = metricAttributes(excluded, { workflow_name, step_name });
  const start = performance.now();
  guard('measuring a task', () => {
    metrics.changeActive(messages, task);
    if (queueTime !== undefined) metrics.recordQueueTime(queueTime / 1000, task);
  });
  return (outcome, failure) =>
    guard('measuring a task', () => {
      metrics.changeActive(-messages, task);
      metrics.recordProcessed((performance.now() - start) / 1000, messages, {
        [ATTR_MESSAGING_SYSTEM]: 'hatchet',
        [ATTR_MESSAGING_OPERATION_NAME]: 'process',
        ...(!excluded.has('workflow_name') && { [ATTR_MESSAGING_DESTINATION_NAME]: workflow_name }),
        ...metricAttributes(excluded, { step_name, outcome }),
        ...(failure && { [ATTR_ERROR_TYPE]: errorType(failure.thrown) }),
      });
    });
}

function metricAttributes(
  excluded: ReadonlySet<HatchetAttribute>,
  values: Pick<HatchetValues, 'workflow_name' | 'step_name' | 'outcome'>,
): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(values)) {
    if (value && !excluded.has(name as HatchetAttribute)) attributes[`hatchet.${name}`] = value;
  }
  return attributes;
}
