import { expect, it } from 'vitest';
import { waitUntil } from './wait-until.ts';

it('waitUntil polls until the probe returns a value', async () => {
  let attempts = 0;
  const third = await waitUntil('the third attempt', () => ++attempts >= 3 && attempts, { intervalMs: 1 });
  expect(third).toBe(3);
});

it('waitUntil rejects after its deadline with the awaited state and the current one', async () => {
  const options = { timeoutMs: 5, intervalMs: 1, describe: () => '0 spans received' };
  await expect(waitUntil('a span', () => undefined, options)).rejects.toThrow(
    'timed out after 0.005 s waiting for a span; 0 spans received',
  );
});
