import { expect, test } from 'vitest';
import { subjectOf } from '../read/hatchet-spans.ts';
import type { WaterfallSpan } from '../read/span.ts';
import { order, span } from '../testing/spans.ts';
import { type LayoutOptions, layoutWaterfall, type WaterfallRow } from './trace-layout.ts';

const START = span('any', undefined, 'any').startTimeUnixNano;
const at = (ms: number): bigint => START + BigInt(ms) * 1_000_000n;

/** A row as text: its depth, name, facts and number of unseen spans. */
function lineOf({ depth, group, spans, missing, running, unseen, waits }: WaterfallRow): string {
  const name = spans[0]?.name ?? (missing ? 'missing' : 'running');
  const facts = [
    group && `${group} ×${spans.length}`,
    running && `running ${subjectOf(running)}`,
    waits.length > 0 && `${waits.length} waits`,
    unseen.length > 0 && `+${unseen.length}`,
  ];
  return `${'  '.repeat(depth)}${[name, ...facts].filter(Boolean).join(' · ')}`;
}

const lines = (spans: WaterfallSpan[], options: LayoutOptions): string[] =>
  layoutWaterfall(spans, options).flatMap(({ rows }) => rows.map(lineOf));

const task = (retry: number, more: Partial<WaterfallSpan> = {}): Partial<WaterfallSpan> => ({
  attributes: { 'hatchet.step_run_id': 'one', 'hatchet.step_name': 'charge', 'hatchet.retry_count': retry },
  ...more,
});
const queued = (id: string, retry: number, time: [number, number]): WaterfallSpan =>
  span(id, 'root', 'hatchet.engine.queued', time, task(retry));
const attempt = (id: string, retry: number, time: [number, number]): WaterfallSpan =>
  span(id, 'root', 'hatchet.start_step_run', time, task(retry, { kind: 'CONSUMER', serviceName: 'worker' }));

test('engine work is folded into the task that it served, and the attempts of a task form a group', () => {
  expect(lines(order(), { nested: 'folded' })).toEqual([
    'POST /trigger',
    '  hatchet.run_workflow · +15',
    '    hatchet.engine.workflow_run',
    '    hatchet.start_step_run · attempts ×2',
    '      hatchet.start_step_run · +1',
    '      hatchet.start_step_run · +1',
    '        ask the bank',
    '        ask the bank',
  ]);
});

test('every span has a row of its own if engine spans are shown', () => {
  const [layout] = layoutWaterfall(order(), { nested: 'shown' });
  const single = layout!.rows.filter((row) => !row.group).flatMap((row) => row.spans);
  expect(new Set(single).size).toBe(24);
  expect(layout!.rows.every((row) => row.unseen.length === 0)).toBe(true);
});

test('an engine span that names a task belongs to the attempt that it names', () => {
  const call = (id: string, retry: string): WaterfallSpan[] => [
    span(id, 'root', 'Dispatcher/SendStepActionEvent', [1, 2], { kind: 'SERVER' }),
    span(`${id}r`, id, 'hatchet.run/handle-task-completed', [1, 2], {
      attributes: { 'hatchet.run/step_run.id': 'one', 'hatchet.run/retry_count': retry },
    }),
  ];
  const spans = [span('root', undefined, 'root'), attempt('a', 0, [1, 2]), attempt('b', 1, [3, 4])];
  expect(lines([...spans, ...call('c', '0'), ...call('d', '1'), ...call('e', '1')], { nested: 'folded' })).toEqual([
    'root',
    '  hatchet.start_step_run · attempts ×2',
    '    hatchet.start_step_run · +2',
    '    hatchet.start_step_run · +4',
  ]);
});

test("engine work stays visible with an error in it, without a task or parent, and with a user's span below it", () => {
  const spans = [
    span('root', undefined, 'root'),
    span('a', 'root', 'hatchet.run/queue', [1, 2], { status: 'ERROR' }),
    span('b', undefined, 'hatchet.run/process-sleep', [1, 2]),
    span('c', 'root', 'WorkflowService/TriggerWorkflow', [1, 2], { kind: 'SERVER' }),
    span('d', 'c', 'mine', [1, 2]),
  ];
  expect(lines(spans, { nested: 'folded' })).toHaveLength(5);
});

test('a statement belongs to the engine if it carries the tenant, and otherwise to the user', () => {
  const sql = (id: string, attributes: object): WaterfallSpan =>
    span(id, 'root', 'SELECT', [1, 2], {
      kind: 'CLIENT',
      attributes: { 'db.system.name': 'postgresql', ...attributes },
    });
  const spans = [span('root', undefined, 'root'), sql('a', {}), sql('b', { 'hatchet.run/tenant.id': 't' })];
  expect(lines(spans.slice(0, 2), { nested: 'folded' })).toEqual(['root', '  SELECT']);
  expect(lines([spans[0]!, spans[2]!], { nested: 'folded' })).toEqual(['root · +1']);
});

test('a queue time is drawn before its attempt, and has a row only if engine spans are shown', () => {
  const spans = [span('root', undefined, 'root', [0, 100]), queued('q', 0, [10, 30]), attempt('a', 0, [30, 90])];
  const [folded] = layoutWaterfall(spans, { nested: 'folded' });
  expect(folded!.rows[1]).toMatchObject({ waits: [{ from: 0.1, to: 0.3 }], bars: [{ from: 0.3, to: 0.9 }] });
  expect(folded!.rows).toHaveLength(2);
  expect(lines(spans, { nested: 'shown' })).toEqual([
    'root',
    '  hatchet.engine.queued',
    '  hatchet.start_step_run · 1 waits',
  ]);
});

test('without a queue span, the queue time is the one that the worker reported', () => {
  const first = attempt('a', 0, [30, 90]);
  first.attributes['hatchet.queue_time_ms'] = '20';
  const [layout] = layoutWaterfall([span('root', undefined, 'root', [0, 100]), first], { nested: 'folded' });
  expect(layout!.rows[1]!.waits).toEqual([{ from: 0.1, to: 0.3 }]);
});

test('an attempt that has left the queue of a growing trace, and has no span, is running', () => {
  const spans = [span('root', undefined, 'root', [0, 1]), queued('q', 0, [10, 20])];
  const [layout] = layoutWaterfall(spans, { nested: 'folded', nowUnixNano: at(100) });
  expect(layout!.rows.map(lineOf)).toEqual(['root', '  running · running charge · 1 waits · +1']);
  expect(layout!.rows[1]!.bars).toEqual([{ from: 0.2, to: 1 }]);
  expect(lines(spans, { nested: 'folded' })[1]).toBe('  hatchet.engine.queued');
});

test('a missing parent in a growing trace is the attempt that the spans below it name', () => {
  const inside = span('i', 'lost', 'ask the bank', [30, 40], task(1));
  const spans = [span('root', undefined, 'root', [0, 1]), attempt('a', 0, [5, 8]), queued('q', 1, [10, 20]), inside];
  const [layout] = layoutWaterfall(spans, { nested: 'folded', nowUnixNano: at(100) });
  expect(layout!.rows.map(lineOf)).toEqual([
    'root',
    '  hatchet.start_step_run · attempts ×1 · running charge · 1 waits',
    '    hatchet.start_step_run',
    '    missing · running charge · 1 waits · +1',
    '      ask the bank',
  ]);
  expect(lines(spans, { nested: 'folded' })).toContain('missing');
});

test('a missing parent is the attempt that spawned its children, and never one of them', () => {
  const running = span('q', 'root', 'hatchet.engine.queued', [10, 20], task(0));
  const spawned = span('s', 'lost', 'hatchet.run_workflow', [30, 31], {
    kind: 'PRODUCER',
    attributes: { 'hatchet.parent_step_run_id': 'one', 'hatchet.workflow_name': 'child' },
  });
  const child = span('c', 's', 'hatchet.start_step_run', [32, 33], {
    attributes: { 'hatchet.step_run_id': 'two', 'hatchet.step_name': 'child' },
  });
  const spans = [span('root', undefined, 'root', [0, 1]), running, spawned, child];
  expect(lines(spans, { nested: 'folded', nowUnixNano: at(100) })).toEqual([
    'root',
    '  missing · running charge · 1 waits · +1',
    '    hatchet.run_workflow',
    '      hatchet.start_step_run',
  ]);
  const orphans = [span('x', 'lost', 'hatchet.engine.queued', [10, 20], task(0))];
  expect(lines(orphans, { nested: 'folded', nowUnixNano: at(100) })[1]).toBe(
    '  running · running charge · 1 waits · +1',
  );
});

test('a row keeps its key while the trace grows', () => {
  const grown = layoutWaterfall(order(), { nested: 'folded' })[0]!.rows.map((row) => row.key);
  const young = layoutWaterfall(order().slice(0, -3), { nested: 'folded' })[0]!.rows.map((row) => row.key);
  expect(young.filter((key) => !grown.includes(key) && !key.startsWith('task-'))).toEqual([]);
  expect(new Set(grown).size).toBe(grown.length);
});

test('bars are fractions of the time between the earliest start and the latest end', () => {
  const [layout] = layoutWaterfall([span('a', undefined, 'root', [100, 300]), span('b', 'a', 'child', [150, 200])]);
  expect(layout!.rows.map((row) => row.bars)).toEqual([[{ from: 0, to: 1 }], [{ from: 0.25, to: 0.5 }]]);
});

test('a span that ends before its start, because a clock was set back, has a bar of length 0', () => {
  const [layout] = layoutWaterfall([span('a', undefined, 'root', [0, 100]), span('b', 'a', 'child', [50, 40])]);
  expect(layout!.rows[1]!.bars).toEqual([{ from: 0.5, to: 0.5 }]);
});

test('the bars of a trace of length 0 are at its start', () => {
  expect(layoutWaterfall([span('a', undefined, 'root', [5, 5])])[0]!.rows[0]!.bars).toEqual([{ from: 0, to: 0 }]);
});

test('a layout lists the services of its spans, and a row its folded spans', () => {
  const [layout] = layoutWaterfall(order());
  expect(layout).toMatchObject({ spanCount: 24, services: ['api', 'engine', 'worker'] });
  const folded = layout!.rows.filter((row) => row.unseen.length > 0);
  expect(folded.map((row) => [row.spans.length, row.spans[0]!.name, row.unseen.map(({ name }) => name)])).toEqual([
    [1, 'hatchet.start_step_run', ['hatchet.engine.start_step_run']],
    [3, 'Dispatcher/SendStepActionEvent', expect.arrayContaining(['hatchet.run/handle-task-completed'])],
    [1, 'hatchet.start_step_run', ['hatchet.engine.start_step_run']],
  ]);
});
