import { expect, test } from 'vitest';
import { NO_FILTERS } from '../route/address.ts';
import { listQuery, outcomeOf, type Run } from './run.ts';
import { appendPage, applyUpdate } from './use-runs.ts';

const run = (id: string, createdAt: string, more: Partial<Run> = {}): Run => ({
  workflowRunExternalId: id,
  workflowId: 'w',
  workflowName: 'order',
  status: 'RUNNING',
  createdAt,
  spanCount: 0,
  errorCount: 0,
  ...more,
});
const LIST = [run('c', '2026-03'), run('a', '2026-01')];
const ids = (runs: Run[]): string => runs.map((each) => each.workflowRunExternalId).join('');

test('inserts a new run by its time, and replaces a listed one', () => {
  expect(ids(applyUpdate(LIST, run('d', '2026-04'), NO_FILTERS).runs)).toBe('dca');
  expect(ids(applyUpdate(LIST, run('b', '2026-02'), NO_FILTERS).runs)).toBe('cba');
  expect(applyUpdate(LIST, run('a', '2026-01', { status: 'FAILED' }), NO_FILTERS).runs[1]!.status).toBe('FAILED');
  expect(ids(applyUpdate([], run('a', '2026-01'), NO_FILTERS).runs)).toBe('a');
});

test('leaves a run that is older than the loaded ones to its page', () => {
  expect(ids(applyUpdate(LIST, run('o', '2025-01'), NO_FILTERS).runs)).toBe('ca');
  expect(ids(appendPage(LIST, [run('a', '2026-01'), run('o', '2025-01')]))).toBe('cao');
});

test('leaves out a run that does not match the filters, or no longer', () => {
  const running = { ...NO_FILTERS, status: 'RUNNING' };
  expect(ids(applyUpdate(LIST, run('a', '2026-01', { status: 'COMPLETED' }), running).runs)).toBe('c');
  expect(ids(applyUpdate(LIST, run('d', '2026-04'), { ...NO_FILTERS, workflow: 'other' }).runs)).toBe('ca');
});

test('is unsure about a text filter, which only the server can apply', () => {
  expect(applyUpdate(LIST, run('d', '2026-04'), { ...NO_FILTERS, text: 'x' })).toEqual({ runs: LIST, unsure: true });
});

test('reads the outcome, or else the status', () => {
  expect(outcomeOf({ status: 'FAILED', outcome: 'timed_out' })).toBe('timed_out');
  expect(outcomeOf({ status: 'CANCELLED' })).toBe('cancelled');
  expect(outcomeOf({ status: 'SOMETHING NEW' })).toBe('running');
});

test('puts the filters into the query', () => {
  expect(listQuery({ status: 'FAILED', workflow: 'a b', text: ' x ', children: false }, 50, 25)).toBe(
    'traces?limit=25&offset=50&statuses=FAILED&workflow_names=a+b&text=x&include_children=false',
  );
});
