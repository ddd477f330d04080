import { expect, test } from 'vitest';
import { DurableLog } from './durable-log.ts';

const acknowledge = (log: DurableLog, times: number) => {
  for (let i = 0; i < times; i++) log.acknowledge();
  return log;
};

test('a replay covers the entries that an earlier invocation had acknowledged, and no more', () => {
  const replay = new DurableLog(2, acknowledge(new DurableLog(1), 2));
  expect(replay.isReplaying).toBe(true);
  expect(acknowledge(replay, 1).isReplaying).toBe(true);
  expect(acknowledge(replay, 1).isReplaying).toBe(false);
});

test('a replay that ends early keeps the position of earlier invocations', () => {
  const short = acknowledge(new DurableLog(2, acknowledge(new DurableLog(1), 3)), 1);
  expect(new DurableLog(3, short).isReplaying).toBe(true);
  expect(new DurableLog(3, short).reached).toBe(3);
});

test('the first invocation on this worker replays nothing', () => {
  expect(new DurableLog(5).isReplaying).toBe(false);
});

test('a child is found by key or index from the next invocation on', () => {
  const first = new DurableLog(1);
  first.addChild('key');
  first.addChild(0);
  expect([first.hasChild('key'), first.hasChild(0)]).toEqual([false, false]);
  const replay = new DurableLog(2, first);
  expect([replay.hasChild('key'), replay.hasChild(0), replay.hasChild(1)]).toEqual([true, true, false]);
});
