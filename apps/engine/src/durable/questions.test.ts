import type { StoredEntry } from '@hatchet-ts/storage/durable';
import { describe, expect, test } from 'vitest';
import { type AskedCondition, deviation, memoQuestion, type Question, runQuestion, waitQuestion } from './questions.ts';

const sleep = (text: string, orGroup = 'g'): AskedCondition => ({
  orGroup,
  dataKey: `sleep-${text}`,
  sleep: { ms: 1, text },
});
const event = (key: string, more: Partial<AskedCondition['event']> = {}): AskedCondition => ({
  orGroup: 'g',
  dataKey: key,
  event: { key, ...more },
});

describe('the same question', () => {
  test.each<[string, Question, Question]>([
    ['a wait with other names of its groups', waitQuestion([sleep('1s', 'a')]), waitQuestion([sleep('1s', 'b')])],
    ['a wait in another order', waitQuestion([sleep('1s'), event('e')]), waitQuestion([event('e'), sleep('1s')])],
    [
      'a wait that looks back to another moment',
      waitQuestion([event('e', { since: new Date(0) })]),
      waitQuestion([event('e', { since: new Date(1) })]),
    ],
  ])('is %s', (_, one, other) => {
    expect(one.digest).toBe(other.digest);
  });
});

describe('another question', () => {
  test.each<[string, Question, Question]>([
    ['a sleep of another length', waitQuestion([sleep('1s')]), waitQuestion([sleep('2s')])],
    ['another event', waitQuestion([event('a')]), waitQuestion([event('b')])],
    ['another scope', waitQuestion([event('a')]), waitQuestion([event('a', { scope: 's' })])],
    ['one more condition', waitQuestion([event('a')]), waitQuestion([event('a'), event('a')])],
    ['another key to remember', memoQuestion(Buffer.from('a')), memoQuestion(Buffer.from('b'))],
    [
      'another input of a child',
      runQuestion({ workflowName: 'w', input: '1' }),
      runQuestion({ workflowName: 'w', input: '2' }),
    ],
  ])('is %s', (_, one, other) => {
    expect(one.digest).not.toBe(other.digest);
  });
});

test('the first question that is not what was stored is named, with both', () => {
  const stored = [memoQuestion(Buffer.from('a')), waitQuestion([event('paid'), sleep('1h')])].map(
    (question, index) => ({ ...question, nodeId: 3 + index }) as StoredEntry,
  );
  const run = runQuestion({ workflowName: 'w', input: '{}' });
  expect(deviation(stored, [memoQuestion(Buffer.from('a')), run])).toEqual({
    nodeId: 4,
    expected: 'a wait (event paid, sleep 1h)',
    received: 'run of w',
  });
  expect(deviation(stored.slice(0, 1), [memoQuestion(Buffer.from('a')), run])).toBeUndefined();
});
