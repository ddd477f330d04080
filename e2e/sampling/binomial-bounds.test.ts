import { describe, expect, it } from 'vitest';
import { binomialBounds } from './binomial-bounds.ts';

describe('the bounds of a binomial count', () => {
  it('agree with a table', () => {
    // ten tosses of a coin: P(X ≤ 1) = 11/1024, P(X ≤ 2) = 56/1024
    expect(binomialBounds(10, 0.5, 0.05)).toEqual({ least: 2, most: 8 });
    expect(binomialBounds(10, 0.5, 2 * (11 / 1024) - 1e-9)).toEqual({ least: 1, most: 9 });
    // five dice: P(X = 0) = 0.4019, P(X = 5) = 0.0001, P(X ≥ 4) = 0.0033
    expect(binomialBounds(5, 1 / 6, 0.01)).toEqual({ least: 0, most: 3 });
  });

  it('are one number if the probability is 0 or 1', () => {
    expect(binomialBounds(400, 0, 1e-6)).toEqual({ least: 0, most: 0 });
    expect(binomialBounds(400, 1, 1e-6)).toEqual({ least: 400, most: 400 });
  });

  it('are exact: each tail, summed with integers, is at most half a millionth, and exceeds it with one more count', () => {
    const { least, most } = binomialBounds(600, 0.25, 1e-6);
    expect(chance(600, 0, least - 1)).toBeLessThanOrEqual(0.5e-6);
    expect(chance(600, 0, least)).toBeGreaterThan(0.5e-6);
    expect(chance(600, most + 1, 600)).toBeLessThanOrEqual(0.5e-6);
    expect(chance(600, most, 600)).toBeGreaterThan(0.5e-6);
  });
});

/** P(from ≤ X ≤ to) at probability 1/4. */
function chance(trials: number, from: number, to: number): number {
  let ways = 1n;
  let sum = 0n;
  for (let successes = 0; successes <= to; successes++) {
    if (successes >= from) sum += ways * 3n ** BigInt(trials - successes);
    ways = (ways * BigInt(trials - successes)) / BigInt(successes + 1);
  }
  return Number((sum * 10n ** 18n) / 4n ** BigInt(trials)) / 1e18;
}
