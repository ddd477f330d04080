/** The least and the most successes, both included, that are still believed. */
export interface Bounds {
  least: number;
  most: number;
}

/**
 * Between which counts `trials` independent decisions with a `probability` each fall, but for a chance of
 * `falseAlarm`: half of it below, half above. Exact, from the binomial distribution itself and not from its normal
 * approximation.
 */
export function binomialBounds(trials: number, probability: number, falseAlarm: number): Bounds {
  const least = leastBelieved(trials, probability, falseAlarm / 2);
  // the upper tail of the successes is the lower tail of the failures
  return { least, most: trials - leastBelieved(trials, 1 - probability, falseAlarm / 2) };
}

/** The smallest count that is not in the lower tail. */
function leastBelieved(trials: number, probability: number, tail: number): number {
  if (probability === 1) return trials;
  let below = 0;
  // logarithms: the probability of no success at all is soon less than a number can be
  let term = trials * Math.log1p(-probability);
  for (let successes = 0; successes < trials; successes++) {
    below += Math.exp(term);
    if (below > tail) return successes;
    term += Math.log(((trials - successes) / (successes + 1)) * (probability / (1 - probability)));
  }
  return trials;
}
