import type { StoredEntry } from '@hatchet-ts/storage/durable';
import { describe, expect, test } from 'vitest';
import {
  type EntryRequest,
  firstMismatch,
  memoEntry,
  type RequestedCondition,
  runEntry,
  waitEntry,
} from './entries.ts';

const sleep = (text: string, orGroup = 'g'): RequestedCondition => ({
  orGroup,
  dataKey: `sleep-${text}`,
  sleep: { ms: 1, text },
});
const event = (key: string, more: Partial<RequestedCondition['event']> = {}): RequestedCondition => ({
  orGroup: 'g',
  dataKey: key,
  event: { key, ...more },
});

describe('an equal request', () => {
  test.each<[string, EntryRequest, EntryRequest]>([
    ['a wait with other names of its groups', waitEntry([sleep('1s', 'a')]), waitEntry([sleep('1s', 'b')])],
    ['a wait in another order', waitEntry([sleep('1s'), event('e')]), waitEntry([event('e'), sleep('1s')])],
    [
      'a wait that looks back to another moment',
      waitEntry([event('e', { since: new Date(0) })]),
      waitEntry([event('e', { since: new Date(1) })]),
    ],
  ])('is %s', (_, one, other) => {
    expect(one.digest).toBe(other.digest);
  });
});

describe('a different request', () => {
  test.each<[string, EntryRequest, EntryRequest]>([
    ['a sleep of another length', waitEntry([sleep('1s')]), waitEntry([sleep('2s')])],
    ['another event', waitEntry([event('a')]), waitEntry([event('b')])],
    ['another scope', waitEntry([event('a')]), waitEntry([event('a', { scope: 's' })])],
    ['one more condition', waitEntry([event('a')]), waitEntry([event('a'), event('a')])],
    ['another key to remember', memoEntry(Buffer.from('a')), memoEntry(Buffer.from('b'))],
    [
      'another input of a child',
      runEntry({ workflowName: 'w', input: '1' }),
      runEntry({ workflowName: 'w', input: '2' }),
    ],
  ])('is %s', (_, one, other) => {
    expect(one.digest).not.toBe(other.digest);
  });
});

test('the first request that differs from its stored entry is reported with both', () => {
  const stored = [memoEntry(Buffer.from('a')), waitEntry([event('paid'), sleep('1h')])].map(
    (question, index) => ({ ...question, nodeId: 3 + index }) as StoredEntry,
  );
  const run = runEntry({ workflowName: 'w', input: '{}' });
  expect(firstMismatch(stored, [memoEntry(Buffer.from('a')), run])).toEqual({
    nodeId: 4,
    expected: 'a wait (event paid, sleep 1h)',
    received: 'run of w',
  });
  expect(firstMismatch(stored.slice(0, 1), [memoEntry(Buffer.from('a')), run])).toBeUndefined();
});
