/** Smallest and largest plausible number of successes, both inclusive. */
export interface Bounds {
  least: number;
  most: number;
}

/**
 * Computes the bounds of the number of successes in `trials` independent decisions with a `probability` each. The
 * number falls outside with a chance of at most `falseAlarm`, half of it on each side. Exact: computed from the binomial
 * distribution, not from its normal approximation.
 */
export function binomialBounds(trials: number, probability: number, falseAlarm: number): Bounds {
  const least = leastPlausible(trials, probability, falseAlarm / 2);
  // the upper tail of the successes is the lower tail of the failures
  return { least, most: trials - leastPlausible(trials, 1 - probability, falseAlarm / 2) };
}

/** Returns the smallest count that is not in the lower tail. */
function leastPlausible(trials: number, probability: number, tail: number): number {
  if (probability === 1) return trials;
  let below = 0;
  // logarithms, because the probability of no success underflows
  let term = trials * Math.log1p(-probability);
  for (let successes = 0; successes < trials; successes++) {
    below += Math.exp(term);
    if (below > tail) return successes;
    term += Math.log(((trials - successes) / (successes + 1)) * (probability / (1 - probability)));
  }
  return trials;
}
