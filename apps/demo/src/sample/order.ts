import { setTimeout as work } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { hatchet } from './hatchet.ts';
import { bookCourier, packItem } from './parcels.ts';

/** What a customer ordered. */
export type Order = { orderId: string; items: string[] };

const tracer = trace.getTracer('shop');

/** Three steps, one after the other: `validate` → `charge` → `fulfil`. */
export const order = hatchet.workflow<Order>({ name: 'order' });

const validate = order.task({
  name: 'validate',
  fn: async ({ items }: Order) =>
    await tracer.startActiveSpan('check stock', async (span) => {
      span.setAttribute('shop.items', items.length);
      await work(20);
      span.end();
      return { total: items.length * 10 };
    }),
});

const charge = order.task({
  name: 'charge',
  parents: [validate],
  retries: 2,
  backoff: { factor: 1, maxSeconds: 1 },
  fn: async (_: Order, ctx) => {
    const { total } = await ctx.parentOutput(validate);
    return await tracer.startActiveSpan('ask the bank', async (span) => {
      await work(40);
      span.end();
      if (ctx.retryCount() === 0) throw new Error('the bank did not answer');
      return { paid: total };
    });
  },
});

order.task({
  name: 'fulfil',
  parents: [charge],
  fn: async ({ orderId, items }: Order) => {
    await packItem.run(items.map((item) => ({ orderId, item })));
    const { courier } = await bookCourier.run({ orderId, parcels: items.length });
    await hatchet.events.push('order:fulfilled', { orderId, courier });
    return { courier };
  },
});
