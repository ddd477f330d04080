import type { SpanRecord } from '@hatchet-ts/storage/traces';
import { expect, test } from 'vitest';
import { TraceBound } from './trace-bound.ts';

const TENANT = { scope: 'tenant', tenantId: '707d0855-80ab-4e1f-a156-f1c4546cbf52' } as const;
const OTHER = { scope: 'tenant', tenantId: '11111111-80ab-4e1f-a156-f1c4546cbf52' } as const;
const spans = (traceId: string, count: number) => Array.from({ length: count }, () => ({ traceId }) as SpanRecord);

test('a trace is limited to its number of spans, independently of other traces', () => {
  const bound = new TraceBound(3);
  expect(bound.admit(TENANT, spans('a', 2)).tooMany).toHaveLength(0);
  expect(bound.admit(TENANT, [...spans('a', 2), ...spans('b', 1)])).toEqual({
    admitted: [...spans('a', 1), ...spans('b', 1)],
    tooMany: spans('a', 1),
  });
  expect(bound.admit(TENANT, spans('b', 2)).tooMany).toHaveLength(0);
});

test('one owner does not fill another owner’s trace', () => {
  const bound = new TraceBound(1);
  expect(bound.admit(TENANT, spans('a', 2)).tooMany).toHaveLength(1);
  expect(bound.admit(OTHER, spans('a', 1)).tooMany).toHaveLength(0);
});

test('the number of counted traces is bounded: the oldest is dropped', () => {
  const bound = new TraceBound(1);
  bound.admit(TENANT, spans('first', 1));
  for (let number = 0; number < 10_000; number++) bound.admit(TENANT, spans(String(number), 1));
  expect(bound.admit(TENANT, spans('first', 1)).tooMany).toHaveLength(0);
  expect(bound.admit(TENANT, spans('9999', 1)).tooMany).toHaveLength(1);
});
