import { expect, test } from 'vitest';
import { order, span, spanId } from '../testing/spans.ts';
import { renderWaterfall } from './render-waterfall.ts';

test('a trace is drawn as a tree with bars, durations, services, status, outcome, retries and links', () => {
  expect(renderWaterfall(order())).toMatchInlineSnapshot(`
    "trace ffffffffffffffffffffffffffffffff · 24 spans · api, engine, worker · 900 ms
    POST /trigger                                             api    server       20 ms ▏
    └─ hatchet.run_workflow order                             api    producer     16 ms ▏
       ├─ WorkflowService/TriggerWorkflow                     engine server       12 ms ▏
       │  └─ hatchet.run/trigger-workflow-run                 engine              10 ms ▏
       │     ├─ pg.query:INSERT hatchet ×3                    engine client      3.0 ms ▏
       │     └─ pg.query:COMMIT hatchet                       engine client      1.0 ms ▏
       ├─ hatchet.engine.workflow_run order                   engine             890 ms ████████████████████ completed
       ├─ hatchet.start_step_run order/charge                 worker consumer    100 ms ███                  ERROR failed
       │     ! card declined
       ├─ Dispatcher/SendStepActionEvent ×3                   engine server       27 ms █  ▏█                +6 below
       └─ hatchet.start_step_run order/charge (retry 1)       worker consumer    570 ms      █████████████   completed
          │  ↗ link to hatchet.start_step_run order/charge
          ├─ ask the bank                                     worker             460 ms      ███████████
          └─ ask the bank                                     worker              90 ms                ███"
  `);
});

test('a masked canonical picture does not depend on ids, times or the order of the spans', () => {
  const picture = renderWaterfall(order(), { mask: true, order: 'canonical' });
  expect(picture).toMatchInlineSnapshot(`
    "POST /trigger · api · SERVER
    └─ hatchet.run_workflow order · api · PRODUCER
       ├─ Dispatcher/SendStepActionEvent ×3 · engine · SERVER
       ├─ WorkflowService/TriggerWorkflow · engine · SERVER
       │  └─ hatchet.run/trigger-workflow-run · engine
       │     ├─ pg.query:COMMIT hatchet · engine · CLIENT
       │     └─ pg.query:INSERT hatchet ×3 · engine · CLIENT
       ├─ hatchet.engine.workflow_run order · engine · completed
       ├─ hatchet.start_step_run order/charge · worker · CONSUMER · ERROR failed
       │     ! card declined
       └─ hatchet.start_step_run order/charge (retry 1) · worker · CONSUMER · completed
          │  ↗ link to hatchet.start_step_run order/charge
          ├─ ask the bank · worker
          └─ ask the bank · worker"
  `);
  const again = order()
    .reverse()
    .map((each) => ({
      ...each,
      traceId: 'e'.repeat(32),
      spanId: each.spanId.replace(/^0{4}/, 'abcd'),
      parentSpanId: each.parentSpanId?.replace(/^0{4}/, 'abcd'),
      startTimeUnixNano: each.endTimeUnixNano * 2n,
      endTimeUnixNano: each.startTimeUnixNano * 3n,
      links: each.links.map((link) => ({
        ...link,
        traceId: 'e'.repeat(32),
        spanId: link.spanId.replace(/^0{4}/, 'abcd'),
      })),
    }));
  expect(renderWaterfall(again, { mask: true, order: 'canonical' })).toBe(picture);
});

test('a full picture has a line for every span', () => {
  expect(renderWaterfall(order(), { mask: true, order: 'canonical', full: true })).toMatchInlineSnapshot(`
    "POST /trigger · api · SERVER
    └─ hatchet.run_workflow order · api · PRODUCER
       ├─ Dispatcher/SendStepActionEvent · engine · SERVER
       │  └─ hatchet.run/handle-task-completed · engine
       │     └─ pg.query:UPDATE hatchet · engine · CLIENT
       ├─ Dispatcher/SendStepActionEvent · engine · SERVER
       │  └─ hatchet.run/handle-task-completed · engine
       │     └─ pg.query:UPDATE hatchet · engine · CLIENT
       ├─ Dispatcher/SendStepActionEvent · engine · SERVER
       │  └─ hatchet.run/handle-task-completed · engine
       │     └─ pg.query:UPDATE hatchet · engine · CLIENT
       ├─ WorkflowService/TriggerWorkflow · engine · SERVER
       │  └─ hatchet.run/trigger-workflow-run · engine
       │     ├─ pg.query:COMMIT hatchet · engine · CLIENT
       │     ├─ pg.query:INSERT hatchet · engine · CLIENT
       │     ├─ pg.query:INSERT hatchet · engine · CLIENT
       │     └─ pg.query:INSERT hatchet · engine · CLIENT
       ├─ hatchet.engine.start_step_run order/charge · engine · ERROR
       │     ! card declined
       ├─ hatchet.engine.start_step_run order/charge (retry 1) · engine
       ├─ hatchet.engine.workflow_run order · engine · completed
       ├─ hatchet.start_step_run order/charge · worker · CONSUMER · ERROR failed
       │     ! card declined
       └─ hatchet.start_step_run order/charge (retry 1) · worker · CONSUMER · completed
          │  ↗ link to hatchet.start_step_run order/charge
          ├─ ask the bank · worker
          └─ ask the bank · worker"
  `);
});

test("a link to the span's own parent is only in the full picture", () => {
  const link = { traceId: 'f'.repeat(32), spanId: spanId('a'), attributes: {} };
  const spans = [span('a', undefined, 'root'), span('b', 'a', 'child', [0, 1], { links: [link] })];
  expect(renderWaterfall(spans, { mask: true })).toBe('root · engine\n└─ child · engine');
  expect(renderWaterfall(spans, { mask: true, full: true })).toContain('↗ link to root');
});

test('several roots, missing parents, cycles, two spans with one id and other traces are shown as such', () => {
  const spans = [
    span('a', undefined, 'first'),
    span('b', undefined, 'second', [3, 4]),
    span('c', 'lost', 'orphan', [5, 6]),
    span('d', 'e', 'hen', [7, 8]),
    span('e', 'd', 'egg', [8, 9]),
    span('f', 'f', 'own parent', [9, 10]),
    span('b', 'a', 'impostor', [3, 5]),
    span('a', undefined, 'elsewhere', [20, 21], {
      traceId: 'e'.repeat(32),
      links: [
        { traceId: 'f'.repeat(32), spanId: spanId('a'), attributes: {} },
        { traceId: 'd'.repeat(32), spanId: spanId('z'), attributes: {} },
      ],
    }),
  ];
  expect(renderWaterfall(spans, { mask: true })).toMatchInlineSnapshot(`
    "trace
    ● first · engine
    └─ impostor (duplicate id) · engine
    ● second · engine
    ● (missing parent)
    └─ orphan · engine
    ● hen (parent cycle) · engine
    └─ egg · engine
    ● own parent (parent cycle) · engine

    trace
    elsewhere · engine
       ↗ link to a span of another trace that is not here
       ↗ link to first of another trace"
  `);
  expect(renderWaterfall(spans, { width: 80 })).toMatchInlineSnapshot(`
    "trace ffffffffffffffffffffffffffffffff · 7 spans · engine · 10 ms
    ● first                                 engine    1.0 ms █
    └─ impostor (duplicate id)              engine    2.0 ms    ████
    ● second                                engine    1.0 ms    ██
    ● (missing parent 000000006c6f7374)
    └─ orphan                               engine    1.0 ms       ██
    ● hen (parent cycle)                    engine    1.0 ms          █
    └─ egg                                  engine    1.0 ms           ██
    ● own parent (parent cycle)             engine    1.0 ms            ██

    trace eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee · 1 span · engine · 1.0 ms
    elsewhere                               engine    1.0 ms █████████████
       ↗ link to first of trace ffffffffffffffffffffffffffffffff
       ↗ link to span 000000000000007a of trace dddddddddddddddddddddddddddddddd"
  `);
});

test('colors are used only if requested', () => {
  const control = '\u001b[';
  expect(renderWaterfall(order())).not.toContain(control);
  expect(renderWaterfall(order(), { color: true })).toContain(`${control}31m`);
});

test('no spans give an empty text', () => {
  expect(renderWaterfall([])).toBe('');
});
