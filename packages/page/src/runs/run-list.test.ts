import { expect, test } from 'vitest';
import { NO_FILTERS } from '../route/address.ts';
import { listQuery, outcomeOf, type Run } from './run.ts';
import { withNews, withPage } from './run-list.ts';

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

test('a new run comes where its time puts it, a known one changes in its place', () => {
  expect(ids(withNews(LIST, run('d', '2026-04'), NO_FILTERS).runs)).toBe('dca');
  expect(ids(withNews(LIST, run('b', '2026-02'), NO_FILTERS).runs)).toBe('cba');
  expect(withNews(LIST, run('a', '2026-01', { status: 'FAILED' }), NO_FILTERS).runs[1]!.status).toBe('FAILED');
  expect(ids(withNews([], run('a', '2026-01'), NO_FILTERS).runs)).toBe('a');
});

test('a run older than what is loaded waits for its page', () => {
  expect(ids(withNews(LIST, run('o', '2025-01'), NO_FILTERS).runs)).toBe('ca');
  expect(ids(withPage(LIST, [run('a', '2026-01'), run('o', '2025-01')]))).toBe('cao');
});

test('a run that does not fit, or no longer, is not there', () => {
  const running = { ...NO_FILTERS, status: 'RUNNING' };
  expect(ids(withNews(LIST, run('a', '2026-01', { status: 'COMPLETED' }), running).runs)).toBe('c');
  expect(ids(withNews(LIST, run('d', '2026-04'), { ...NO_FILTERS, workflow: 'other' }).runs)).toBe('ca');
});

test('only the server can tell whether a text is in a run', () => {
  expect(withNews(LIST, run('d', '2026-04'), { ...NO_FILTERS, text: 'x' })).toEqual({ runs: LIST, unsure: true });
});

test('the outcome is said by itself, or else by the status', () => {
  expect(outcomeOf({ status: 'FAILED', outcome: 'timed_out' })).toBe('timed_out');
  expect(outcomeOf({ status: 'CANCELLED' })).toBe('cancelled');
  expect(outcomeOf({ status: 'SOMETHING NEW' })).toBe('running');
});

test('the query says what is filtered', () => {
  expect(listQuery({ status: 'FAILED', workflow: 'a b', text: ' x ', children: false }, 50, 25)).toBe(
    'traces?limit=25&offset=50&statuses=FAILED&workflow_names=a+b&text=x&include_children=false',
  );
});
