import { expect, test } from 'vitest';
import type { WaterfallSpan } from '../read/span.ts';
import { order, span } from '../testing/spans.ts';
import { criticalPath } from './critical-path.ts';

const START = span('any', undefined, 'any').startTimeUnixNano;
const ms = (time: bigint): number => Number(time - START) / 1e6;
const lines = (spans: WaterfallSpan[]): string[] =>
  criticalPath(spans).map(({ span, kind, from, to }) => `${ms(from)}–${ms(to)} ${span?.name ?? ''} ${kind}`);

test('goes back from the end, each time to the step that ended last before', () => {
  const spans = [
    span('a', undefined, 'root', [0, 100]),
    span('b', 'a', 'first', [10, 40]),
    span('c', 'a', 'shorter', [45, 60]),
    span('d', 'a', 'longer', [45, 90]),
  ];
  expect(lines(spans)).toEqual([
    '0–10 root working',
    '10–40 first working',
    '40–45 root working',
    '45–90 longer working',
    '90–100 root working',
  ]);
});

test('continues after the call that triggered a run, through the queue and the back-off before a retry', () => {
  const attempt = (id: string, retry: number, time: [number, number]): WaterfallSpan =>
    span(id, 'a', `attempt ${retry}`, time, { attributes: { 'hatchet.retry_count': retry } });
  const spans = [
    span('a', undefined, 'hatchet.run_workflow', [0, 10]),
    span('b', 'a', 'hatchet.engine.workflow_run', [5, 100]),
    span('c', 'a', 'hatchet.engine.queued', [5, 20]),
    attempt('d', 0, [20, 40]),
    span('e', 'a', 'hatchet.engine.queued', [70, 75]),
    attempt('f', 1, [75, 100]),
  ];
  expect(lines(spans)).toEqual([
    '0–5 hatchet.run_workflow working',
    '5–20 hatchet.engine.queued waiting',
    '20–40 attempt 0 working',
    '40–70  between',
    '70–75 hatchet.engine.queued waiting',
    '75–100 attempt 1 working',
  ]);
});

test('includes a step that slightly overlaps the next one because of another clock', () => {
  const spans = [
    span('a', undefined, 'root', [0, 100]),
    span('b', 'a', 'queue', [10, 52]),
    span('c', 'a', 'work', [50, 100]),
  ];
  expect(lines(spans)).toEqual(['0–10 root working', '10–50 queue working', '50–100 work working']);
});

test('covers a trace from start to end without gaps', () => {
  const path = criticalPath(order());
  expect([ms(path[0]!.from), ms(path.at(-1)!.to)]).toEqual([0, 900]);
  path.slice(1).forEach((segment, i) => {
    expect(segment.from).toBe(path[i]!.to);
  });
});

test('is empty without spans, and ignores missing parents', () => {
  expect(criticalPath([])).toEqual([]);
  expect(lines([span('a', 'lost', 'orphan', [3, 5])])).toEqual(['3–5 orphan working']);
});
