import { UNFOLDED, WHOLE } from '@hatchet-ts/waterfall/browser';
import { expect, test } from 'vitest';
import { addressOfId, FIRST_VIEW, NO_FILTERS, placeOf, runsAddress, type TraceView, traceAddress } from './address.ts';

const RUN = '01a1fc65-1d43-786e-8ed1-a66582a560ab';
const TRACE = 'd38f949718dc9dec3eb919eb4184f0cf';
const place = (address: string) => placeOf(new URL(address, 'http://localhost'));

test('reads back the place and view that an address was made from', () => {
  const view: TraceView = {
    selected: 'task-one',
    zoom: { from: 0.25, to: 0.5 },
    folds: { level: 2, toggled: new Set(['a'.repeat(16), 'task-b~2']) },
    engine: true,
    path: true,
  };
  expect(place(traceAddress({ by: 'run', id: RUN }, view))).toEqual({
    page: 'trace',
    subject: { by: 'run', id: RUN },
    view,
  });
  const filters = { status: 'FAILED', workflow: 'order', text: 'a b&c', children: true };
  expect(place(runsAddress(filters))).toEqual({ page: 'runs', filters });
});

test('leaves default values out of the address', () => {
  expect(traceAddress({ by: 'trace', id: TRACE }, FIRST_VIEW)).toBe(`/traces/${TRACE}`);
  expect(runsAddress(NO_FILTERS)).toBe('/');
});

test('ignores invalid values in an address', () => {
  const { view } = place(`/runs/${RUN}?zoom=9_1&level=x&fold=..`) as { view: TraceView };
  expect(view).toMatchObject({ zoom: WHOLE, folds: UNFOLDED });
  for (const address of ['/runs/', '/runs/me', `/runs/${RUN}/x`, '/elsewhere']) {
    expect(place(address), address).toEqual({ page: 'unknown' });
  }
});

test('finds the page for a pasted id', () => {
  expect(addressOfId(` ${RUN.toUpperCase()}\n`)).toBe(`/runs/${RUN}`);
  expect(addressOfId(TRACE)).toBe(`/traces/${TRACE}`);
  expect([addressOfId('order'), addressOfId('0'.repeat(32)), addressOfId('')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
