import { expect, test } from 'vitest';
import type { WaterfallSpan } from '../read/span.ts';
import { span } from '../testing/spans.ts';
import { renderWaterfall } from './render-waterfall.ts';

const names = (spans: WaterfallSpan[], order: 'time' | 'canonical'): string[] =>
  renderWaterfall(spans, { mask: true, full: true, order }).split('\n');

const attempt = (id: string, retry: number, at: number): WaterfallSpan =>
  span(id, 'a', 'hatchet.start_step_run', [at, at + 1], {
    attributes: { 'hatchet.step_name': 'charge', 'hatchet.retry_count': retry },
  });

test('in time order, siblings are sorted by start', () => {
  const spans = [span('a', undefined, 'root'), span('b', 'a', 'late', [2, 3]), span('c', 'a', 'zeal', [1, 9])];
  expect(names(spans, 'time')).toEqual(['root · engine', '├─ zeal · engine', '└─ late · engine']);
});

test('in time order, items of a bulk with the same start are sorted by index', () => {
  const item = (id: string, index: number): WaterfallSpan =>
    span(id, 'a', `item ${index}`, [1, 9 - index], { attributes: { 'hatchet.child_index': index } });
  const spans = [span('a', undefined, 'root'), item('b', 2), item('c', 0), item('d', 1)];
  expect(names(spans, 'time').slice(1)).toEqual(['├─ item 0 · engine', '├─ item 1 · engine', '└─ item 2 · engine']);
});

test('attempts are sorted by number', () => {
  const spans = [span('a', undefined, 'root'), attempt('b', 10, 1), attempt('c', 2, 2), attempt('d', 0, 3)];
  expect(names(spans, 'canonical')).toEqual([
    'root · engine',
    '├─ hatchet.start_step_run charge · engine',
    '├─ hatchet.start_step_run charge (retry 2) · engine',
    '└─ hatchet.start_step_run charge (retry 10) · engine',
  ]);
});

test('children of a bulk are sorted by index', () => {
  const item = (id: string, index: number, child: string): WaterfallSpan[] => [
    span(id, 'a', 'hatchet.run_workflow', [0, 1], { attributes: { 'hatchet.child_index': index } }),
    span(`${id}1`, id, child),
  ];
  const spans = [span('a', undefined, 'root'), ...item('b', 10, 'ten'), ...item('c', 9, 'nine')];
  expect(names(spans, 'canonical').filter((line) => /nine|ten/.test(line))).toEqual([
    '│  └─ nine · engine',
    '   └─ ten · engine',
  ]);
});

test('spans that look the same are sorted by the spans below them', () => {
  const spans = [
    span('a', undefined, 'root'),
    ...['b', 'c', 'd'].map((id) => span(id, 'a', 'same')),
    span('e', 'b', 'y'),
    span('f', 'c', 'x'),
    span('g', 'c', 'z'),
    span('h', 'd', 'x'),
  ];
  const expected = ['root', '├─ same', '│  └─ x', '├─ same', '│  └─ y', '└─ same', '   ├─ x', '   └─ z'];
  expect(names(spans, 'canonical')).toEqual(expected.map((line) => `${line} · engine`));
});
