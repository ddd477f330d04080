import { expect, test } from 'vitest';
import { span } from './span.fixture.ts';
import type { WaterfallSpan } from './span.ts';
import { renderWaterfall } from './waterfall.ts';

const lines = (spans: WaterfallSpan[]): string[] =>
  renderWaterfall([span('root', undefined, 'root'), ...spans], { mask: true })
    .split('\n')
    .slice(1);

const SQL: Partial<WaterfallSpan> = { kind: 'CLIENT', attributes: { 'db.system.name': 'postgresql' } };
const CALL: Partial<WaterfallSpan> = { kind: 'SERVER' };

test('only consecutive database spans share a line', () => {
  expect(
    lines([
      span('a', 'root', 'INSERT', [1, 2], SQL),
      span('b', 'root', 'INSERT', [2, 3], SQL),
      span('c', 'root', 'SELECT', [3, 4], SQL),
      span('d', 'root', 'INSERT', [4, 5], SQL),
    ]),
  ).toEqual(['├─ INSERT ×2 · engine · CLIENT', '├─ SELECT · engine · CLIENT', '└─ INSERT · engine · CLIENT']);
});

test('a database span of another service, or with an error, has its own line', () => {
  expect(
    lines([
      span('a', 'root', 'INSERT', [1, 2], SQL),
      span('b', 'root', 'INSERT', [2, 3], { ...SQL, serviceName: 'api' }),
      span('c', 'root', 'INSERT', [3, 4], { ...SQL, status: 'ERROR', statusMessage: 'deadlock' }),
      span('d', 'root', 'INSERT', [4, 5], { ...SQL, status: 'ERROR', statusMessage: 'deadlock' }),
    ]),
  ).toEqual([
    '├─ INSERT · engine · CLIENT',
    '├─ INSERT · api · CLIENT',
    '├─ INSERT · engine · CLIENT · ERROR',
    '│     ! deadlock',
    '└─ INSERT · engine · CLIENT · ERROR',
    '      ! deadlock',
  ]);
});

test('engine calls of the same shape share a line, however many statements they made', () => {
  const call = (id: string, at: number, statements: number): WaterfallSpan[] => [
    span(id, 'root', 'Dispatcher/SendStepActionEvent', [at, at + 1], CALL),
    span(`${id}r`, id, 'hatchet.run/handle-task-completed', [at, at + 1]),
    ...Array.from({ length: statements }, (_, i) => span(`${id}${i}`, `${id}r`, 'UPDATE', [at, at + 1], SQL)),
  ];
  expect(lines([...call('a', 1, 1), ...call('b', 3, 2), ...call('c', 5, 3)])).toEqual([
    '└─ Dispatcher/SendStepActionEvent ×3 · engine · SERVER',
  ]);
  expect(lines([...call('a', 1, 1), ...call('b', 3, 0)])).toHaveLength(5);
});

test("producers, consumers, failures and the user's spans keep their line, and so do the engine's above them", () => {
  const seen: Partial<WaterfallSpan>[] = [
    { name: 'hatchet.run_workflow', kind: 'PRODUCER' },
    { name: 'hatchet.start_step_run', kind: 'CONSUMER' },
    { name: 'ask the bank' },
    { name: 'hatchet.run/queue', status: 'ERROR' },
    { name: 'GET /order', kind: 'SERVER' },
  ];
  for (const more of seen) {
    const spans = ['a', 'b'].flatMap((id) => [
      span(id, 'root', 'Dispatcher/SendStepActionEvent', [1, 2], CALL),
      span(`${id}c`, id, '', [1, 2], more),
    ]);
    expect(lines(spans), more.name).toHaveLength(4);
  }
});

const attempt = (retry: number | string): Partial<WaterfallSpan> => ({
  attributes: { 'hatchet.step_run_id': 'one', 'hatchet.step_name': 'charge', 'hatchet.retry_count': retry },
});

test("the engine's view of an attempt is folded where the worker's is there", () => {
  expect(
    lines([
      span('a', 'root', 'hatchet.start_step_run.order:charge', [1, 2], { ...attempt(0), kind: 'CONSUMER' }),
      span('b', 'root', 'hatchet.engine.start_step_run', [1, 2], attempt('0')),
      span('c', 'root', 'hatchet.engine.start_step_run', [2, 3], attempt('1')),
    ]),
  ).toEqual([
    '├─ hatchet.start_step_run.order:charge charge · engine · CONSUMER',
    '└─ hatchet.engine.start_step_run charge (retry 1) · engine',
  ]);
});

test('an error that only the engine saw is never folded', () => {
  expect(
    lines([
      span('a', 'root', 'hatchet.start_step_run', [1, 2], { ...attempt(0), kind: 'CONSUMER' }),
      span('b', 'root', 'hatchet.engine.start_step_run', [2, 3], {
        ...attempt(0),
        status: 'ERROR',
        statusMessage: 'timed out',
      }),
    ]),
  ).toContain('└─ hatchet.engine.start_step_run charge · engine · ERROR');
});
