import { expect, test } from 'vitest';
import { singleLoop } from './single-loop.ts';

test('many wakes make one round, and a wake during a round makes another one', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let rounds = 0;
  const loop = singleLoop(
    async () => {
      const round = rounds++;
      begun[round]!.resolve();
      await gates[round]!.promise;
    },
    () => {},
  );
  loop.wake();
  loop.wake();
  await begun[0]!.promise;
  loop.wake();
  loop.wake();
  expect(rounds).toBe(1);
  gates[0]!.resolve();
  await begun[1]!.promise;
  gates[1]!.resolve();
  await loop.stop();
  expect(rounds).toBe(2);
});

test('a round that fails is reported and tried again', async () => {
  const done = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  let rounds = 0;
  const loop = singleLoop(
    async () => {
      if (++rounds === 1) throw new Error('away');
      done.resolve();
    },
    (error) => errors.push(error),
    1,
  );
  loop.wake();
  await done.promise;
  await loop.stop();
  expect(errors).toEqual([new Error('away')]);
});

test('nothing begins after a stop, which waits for the round that runs', async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let ended = false;
  const loop = singleLoop(
    async () => {
      begun.resolve();
      await gate.promise;
      ended = true;
    },
    () => {},
  );
  loop.wake();
  await begun.promise;
  const stopped = loop.stop();
  loop.wake();
  gate.resolve();
  await stopped;
  expect(ended).toBe(true);
});
