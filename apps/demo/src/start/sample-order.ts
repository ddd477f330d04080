import { setTimeout as delay } from 'node:timers/promises';
import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { type ApiAccess, runsOfTrace, spansOfRun, triggerRun } from './api-client.ts';
import { lacking } from './whole-trace.ts';

/** What the sample is triggered with. */
export const ORDER = { workflowName: 'order', input: { orderId: 'A-1042', items: ['lamp', 'desk', 'chair'] } };

const PATIENCE_MS = 60_000;
const INTERVAL_MS = 250;

export interface OrderTrace {
  spans: WaterfallSpan[];
  /** Why the trace is not whole; empty when it is. */
  lacks: string[];
}

/**
 * Triggers the sample and waits until its trace is whole and has stopped growing, or patience ends.
 *
 * @throws StartError when the API does not answer
 */
export async function traceOrder(api: ApiAccess, signal: AbortSignal): Promise<OrderTrace> {
  const runId = await triggerRun(api, ORDER.workflowName, ORDER.input);
  const deadline = Date.now() + PATIENCE_MS;
  for (let seen = 0; ; await delay(INTERVAL_MS, undefined, { signal })) {
    const spans = await spansOfRun(api, runId);
    const runs = spans[0] ? await runsOfTrace(api, spans[0].traceId) : [];
    const lacks = lacking(runs, spans);
    if ((lacks.length === 0 && spans.length === seen) || Date.now() > deadline) return { spans, lacks };
    seen = spans.length;
  }
}
