// The tasks of a shop, written with the official SDK alone.
import { setTimeout as work } from 'node:timers/promises';
import { HatchetClient } from '@hatchet-dev/typescript-sdk';
import { trace } from '@opentelemetry/api';

/** Configured by `HATCHET_CLIENT_*`. */
export const hatchet = HatchetClient.init();

const tracer = trace.getTracer('shop');

/** Input of the `order` workflow. */
type Order = { orderId: string; items: string[] };

/** A child of `fulfil`, spawned in bulk: one run per item of the order. */
const packItem = hatchet.task({
  name: 'pack-item',
  fn: async ({ item }: { orderId: string; item: string }) =>
    await tracer.startActiveSpan('pick from shelf', async (span) => {
      span.setAttribute('shop.item', item);
      await work(30);
      span.end();
      return { packed: item };
    }),
});

/** A child of `fulfil`, spawned by `run`. */
const bookCourier = hatchet.task({
  name: 'book-courier',
  fn: async ({ parcels }: { orderId: string; parcels: number }) => {
    await work(25);
    return { courier: parcels > 1 ? 'van' : 'bicycle' };
  },
});

/** Started by the event that `fulfil` pushes. */
const notify = hatchet.task({
  name: 'notify',
  onEvents: ['order:fulfilled'],
  fn: async ({ courier }: { orderId: string; courier: string }) =>
    await tracer.startActiveSpan('send e-mail', async (span) => {
      await work(15);
      span.end();
      return { text: `Your order is on its way by ${courier}` };
    }),
});

/** Three tasks in sequence: `validate` → `charge` → `fulfil`. */
const order = hatchet.workflow<Order>({ name: 'order' });

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

export const workflows = [order, packItem, bookCourier, notify];
