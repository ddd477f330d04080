import { setTimeout as work } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { hatchet } from './hatchet.ts';

const tracer = trace.getTracer('shop');

/** A child of `fulfil`, spawned in bulk: one run per item of the order. */
export const packItem = hatchet.task({
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
export const bookCourier = hatchet.task({
  name: 'book-courier',
  fn: async ({ parcels }: { orderId: string; parcels: number }) => {
    await work(25);
    return { courier: parcels > 1 ? 'van' : 'bicycle' };
  },
});
