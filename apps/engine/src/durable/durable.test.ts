import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineFixture, engineFixture } from '../engine.fixture.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

describe('a durable task', () => {
  test('sleeps for as long as it says', async () => {
    const client = await engine.client();
    const nap = client.durableTask({
      name: 'nap',
      fn: async (_, ctx) => {
        const before = performance.now();
        const { durationMs } = await ctx.sleepFor('1s');
        return { durationMs, slept: performance.now() - before };
      },
    });
    await engine.work(client, [nap]);

    const { durationMs, slept } = await nap.run({});
    expect(durationMs).toBe(1_000);
    expect(slept).toBeGreaterThan(950);
  });
});
