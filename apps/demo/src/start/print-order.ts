import { renderWaterfall } from '@hatchet-ts/waterfall';
import type { ApiAccess } from './api-client.ts';
import { traceOrder } from './sample-order.ts';

/**
 * Sends an order and prints its waterfall, as wide as the terminal.
 *
 * @returns whether the trace was whole; the reasons are printed when it was not
 * @throws StartError when the API does not answer
 */
export async function printOrder(api: ApiAccess, signal: AbortSignal): Promise<boolean> {
  const { spans, lacks } = await traceOrder(api, signal);
  const { columns, isTTY = false } = process.stdout;
  console.log(`\n${renderWaterfall(spans, { width: columns || 120, color: isTTY && !process.env.NO_COLOR })}`);
  if (lacks.length > 0) console.error(`\n✗ the trace is not whole:\n${lacks.map((line) => `  - ${line}`).join('\n')}`);
  return lacks.length === 0;
}
