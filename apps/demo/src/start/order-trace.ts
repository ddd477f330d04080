import { setTimeout as delay } from 'node:timers/promises';
import { renderWaterfall, type WaterfallSpan } from '@hatchet-ts/waterfall';
import { type ApiAccess, runsOfTrace, spansOfRun, triggerRun } from './api-client.ts';
import { missingParts } from './whole-trace.ts';

const WORKFLOW = 'order';
const ORDER = { orderId: 'A-1042', items: ['lamp', 'desk', 'chair'] };
const TIMEOUT_MS = 60_000;
const POLL_INTERVAL_MS = 250;

/**
 * Sends an order and prints its waterfall, as wide as the terminal.
 *
 * @returns whether the trace is whole; if not, the missing parts are printed
 * @throws StartError if the API does not answer
 */
export async function printOrderTrace(api: ApiAccess, signal: AbortSignal): Promise<boolean> {
  const { spans, missing } = await traceOrder(api, signal);
  const { columns, isTTY = false } = process.stdout;
  console.log(`\n${renderWaterfall(spans, { width: columns || 120, color: isTTY && !process.env.NO_COLOR })}`);
  if (missing.length > 0)
    console.error(`\n✗ the trace is incomplete:\n${missing.map((line) => `  - ${line}`).join('\n')}`);
  return missing.length === 0;
}

/** Triggers an order, then polls until its trace is whole and no longer grows, or until the timeout. */
async function traceOrder(api: ApiAccess, signal: AbortSignal): Promise<{ spans: WaterfallSpan[]; missing: string[] }> {
  const runId = await triggerRun(api, WORKFLOW, ORDER);
  const deadline = Date.now() + TIMEOUT_MS;
  for (let seen = 0; ; await delay(POLL_INTERVAL_MS, undefined, { signal })) {
    const spans = await spansOfRun(api, runId);
    const runs = spans[0] ? await runsOfTrace(api, spans[0].traceId) : [];
    const missing = missingParts(runs, spans);
    if ((missing.length === 0 && spans.length === seen) || Date.now() > deadline) return { spans, missing };
    seen = spans.length;
  }
}
