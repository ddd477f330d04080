import { setTimeout as work } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { hatchet } from './hatchet.ts';

const tracer = trace.getTracer('shop');

/** Started by the event that `fulfil` pushes. */
export const notify = hatchet.task({
  name: 'notify',
  onEvents: ['order:fulfilled'],
  fn: async ({ courier }: { orderId: string; courier: string }) =>
    await tracer.startActiveSpan('send e-mail', async (span) => {
      await work(15);
      span.end();
      return { text: `Your order is on its way by ${courier}` };
    }),
});
