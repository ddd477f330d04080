import { expect, test } from 'vitest';
import { SingleLoop } from './single-loop.ts';

test('several wakes share a round, and a wake during a round causes another one', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let rounds = 0;
  const loop = new SingleLoop(
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

test('a failed round is reported and retried', async () => {
  const done = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  let rounds = 0;
  const loop = new SingleLoop(
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

test('wakes during and after a failed round wait for its retry', async () => {
  const done = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<void>();
  const begun: number[] = [];
  const retryMs = 50;
  const loop: SingleLoop = new SingleLoop(
    async () => {
      begun.push(performance.now());
      if (begun.length > 1) return done.resolve();
      loop.wake();
      throw new Error('away');
    },
    () => failed.resolve(),
    retryMs,
  );
  loop.wake();
  await failed.promise;
  loop.wake();
  await done.promise;
  await loop.stop();
  expect(begun).toHaveLength(2);
  // Timers may fire 1 ms early.
  expect(begun[1]! - begun[0]!).toBeGreaterThanOrEqual(retryMs - 1);
});

test('a stop waits for the current round, and no round starts after it', async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let ended = false;
  const loop = new SingleLoop(
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
