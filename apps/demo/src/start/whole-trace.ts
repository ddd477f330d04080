import { missingParents, type WaterfallSpan } from '@hatchet-ts/waterfall';
import type { ListedRun } from './api-client.ts';

const FINAL = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);

/**
 * Lists the missing parts of a trace, one line each. A trace is whole if every run has ended and has its
 * `workflow_run` span, the worker has reported every attempt that the engine has, there is one root, and no parent is
 * missing.
 */
export function missingParts(runs: readonly ListedRun[], spans: readonly WaterfallSpan[]): string[] {
  if (runs.length === 0 || spans.length === 0) return ['the trace has not arrived'];
  const reported = new Set(idsOf(spans, 'hatchet.engine.workflow_run', 'hatchet.workflow_run_id'));
  const worked = new Set(attemptsOf(spans, 'hatchet.start_step_run'));
  const roots = spans.filter((span) => span.parentSpanId === undefined);
  return [
    ...runs.filter(({ status }) => !FINAL.has(status)).map(({ name, status }) => `the run ${name} is ${status}`),
    ...runs
      .filter(({ id }) => !reported.has(id))
      .map(({ name }) => `the run ${name} has no hatchet.engine.workflow_run`),
    ...attemptsOf(spans, 'hatchet.engine.start_step_run')
      .filter((attempt) => !worked.has(attempt))
      .map((attempt) => `the worker has not reported attempt ${attempt}`),
    ...missingParents(spans).map(({ spanId, children }) => `the parent ${spanId} of ${children[0]!.name} is missing`),
    ...(roots.length > 1 ? [`there are ${roots.length} roots: ${roots.map(({ name }) => name).join(', ')}`] : []),
  ];
}

function idsOf(spans: readonly WaterfallSpan[], name: string, key: string): string[] {
  return spans.filter((span) => span.name === name).map((span) => String(span.attributes[key]));
}

function attemptsOf(spans: readonly WaterfallSpan[], name: string): string[] {
  const attempts = spans.filter((span) => span.name === name);
  return attempts.map(({ attributes }) => {
    const retry = Number(attributes['hatchet.retry_count'] ?? 0);
    return `${retry} of ${attributes['hatchet.step_name']} (${attributes['hatchet.step_run_id']})`;
  });
}
