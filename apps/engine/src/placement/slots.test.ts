import { expect, test } from 'vitest';
import { freeSlots, matchSlots } from './slots.ts';

const task = (id: string, workerIds = ['w1', 'w2'], slots: Record<string, number> = { default: 1 }) => ({
  id,
  eligible: workerIds.map((workerId) => ({ id: workerId, suitability: 0 })),
  slots,
});
const matched = (...args: Parameters<typeof matchSlots>) => Object.fromEntries(matchSlots(...args));

test('tasks go, in their order, to the worker with the most room', () => {
  const free = new Map([
    ['w1', { default: 3 }],
    ['w2', { default: 1 }],
  ]);
  expect(
    matched(
      ['a', 'b', 'c', 'd', 'e'].map((id) => task(id)),
      free,
    ),
  ).toEqual({ a: 'w1', b: 'w1', c: 'w1', d: 'w2' });
});

test('a task goes only to an eligible worker', () => {
  const free = new Map([
    ['w1', { default: 9 }],
    ['w2', { default: 1 }],
  ]);
  expect(matched([task('a', ['w2']), task('b', ['w2']), task('c', [])], free)).toEqual({ a: 'w2' });
});

test('a task that finds no room does not block the ones after it', () => {
  const free = new Map([['w1', { default: 2 }]]);
  expect(matched([task('big', ['w1'], { default: 3 }), task('small', ['w1'])], free)).toEqual({ small: 'w1' });
});

test('a task takes every kind of slot that it requests, and none that the worker lacks', () => {
  const free = new Map([['w1', { default: 5, gpu: 1 }]]);
  const tasks = [
    task('a', ['w1'], { default: 1, gpu: 1 }),
    task('b', ['w1'], { default: 1, gpu: 1 }),
    task('c', ['w1'], { tape: 1 }),
  ];
  expect(matched(tasks, free)).toEqual({ a: 'w1' });
});

test('free slots are the total minus the used ones, and may be negative', () => {
  expect(freeSlots({ default: 2, gpu: 1 }, { default: 3 })).toEqual({ default: -1, gpu: 1 });
  expect(matched([task('a', ['w1'])], new Map([['w1', { default: -1 }]]))).toEqual({});
});

test('a task goes to the most suitable worker while that has room, then to another one', () => {
  const free = new Map([
    ['w1', { default: 5 }],
    ['w2', { default: 1 }],
  ]);
  const eligible = [
    { id: 'w1', suitability: 0 },
    { id: 'w2', suitability: 100 },
  ];
  expect(
    matched(
      [
        { ...task('a'), eligible },
        { ...task('b'), eligible },
      ],
      free,
    ),
  ).toEqual({ a: 'w2', b: 'w1' });
});
