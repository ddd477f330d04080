import { expect, test } from 'vitest';
import type { WaterfallSpan } from '../read/span.ts';
import { span } from '../testing/spans.ts';
import { renderWaterfall } from './render-waterfall.ts';

const lines = (spans: WaterfallSpan[]): string[] =>
  renderWaterfall([span('root', undefined, 'root'), ...spans], { mask: true })
    .split('\n')
    .slice(1);

const SQL: Partial<WaterfallSpan> = { kind: 'CLIENT', attributes: { 'db.system.name': 'postgresql' } };
const CALL: Partial<WaterfallSpan> = { kind: 'SERVER' };

test('consecutive database spans share a line, others do not', () => {
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

test('calls of one engine method share a line, regardless of the spans below them', () => {
  const call = (id: string, at: number, inside: string, statements: number): WaterfallSpan[] => [
    span(id, 'root', 'Dispatcher/SendStepActionEvent', [at, at + 1], CALL),
    span(`${id}r`, id, inside, [at, at + 1]),
    ...Array.from({ length: statements }, (_, i) => span(`${id}${i}`, `${id}r`, 'UPDATE', [at, at + 1], SQL)),
  ];
  const calls = [...call('a', 1, 'hatchet.run/handle-task-started', 1), ...call('b', 3, 'hatchet.run/cancel-task', 3)];
  expect(lines(calls)).toEqual(['└─ Dispatcher/SendStepActionEvent ×2 · engine · SERVER']);
});

test('engine work of the same shape shares a line, regardless of its number of statements', () => {
  const pass = (id: string, at: number, ...statements: string[]): WaterfallSpan[] => [
    span(id, 'root', 'hatchet.run/process-sleep', [at, at + 1]),
    ...statements.map((statement, i) => span(`${id}${i}`, id, statement, [at, at + 1], SQL)),
  ];
  expect(lines([...pass('a', 1, 'UPDATE'), ...pass('b', 3, 'UPDATE', 'UPDATE')])).toEqual([
    '└─ hatchet.run/process-sleep ×2 · engine',
  ]);
  expect(lines([...pass('a', 1, 'UPDATE'), ...pass('b', 3, 'DELETE')])).toHaveLength(4);
});

test("producers, consumers, failures and the user's spans keep their line, and so do engine spans above them", () => {
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

test("the engine's span of an attempt is folded if the worker's is present", () => {
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
