/** Values of each factor, by its name. */
export type Factors = Readonly<Record<string, readonly string[]>>;

/** Combination with one value of each factor. */
export type Combination<F extends Factors> = { readonly [K in keyof F]: F[K][number] };

/**
 * Computes combinations that contain every pair of values of two factors: about as many as the product of the two
 * largest factors. Deterministic.
 */
export function pairwise<F extends Factors>(factors: F): Combination<F>[] {
  const names = Object.keys(factors).sort((a, b) => factors[b]!.length - factors[a]!.length);
  const open = new Set(pairsOf(names).flatMap(([a, b]) => crossed(factors, a, b)));
  const chosen: Combination<F>[] = [];
  while (open.size > 0) {
    const combination: Record<string, string> = {};
    for (const pair of open) {
      const [a, valueOfA, b, valueOfB] = pair.split('\0') as [string, string, string, string];
      combination[a] = valueOfA;
      combination[b] = valueOfB;
      break;
    }
    for (const name of names) combination[name] ??= bestValue(name, factors[name]!, combination, open);
    for (const [a, b] of pairsOf(names)) open.delete(pair(a, combination[a]!, b, combination[b]!));
    chosen.push(Object.fromEntries(Object.keys(factors).map((name) => [name, combination[name]])) as Combination<F>);
  }
  return chosen;
}

/** Returns the value that covers most uncovered pairs. */
function bestValue(
  name: string,
  values: readonly string[],
  chosen: Readonly<Record<string, string>>,
  open: ReadonlySet<string>,
): string {
  const gain = (value: string) =>
    Object.entries(chosen).filter(
      ([other, of]) => open.has(pair(name, value, other, of)) || open.has(pair(other, of, name, value)),
    ).length;
  return values.reduce((winner, value) => (gain(value) > gain(winner) ? value : winner));
}

function pairsOf(names: readonly string[]): [string, string][] {
  return names.flatMap((a, index) => names.slice(index + 1).map((b): [string, string] => [a, b]));
}

function crossed(factors: Factors, a: string, b: string): string[] {
  return factors[a]!.flatMap((valueOfA) => factors[b]!.map((valueOfB) => pair(a, valueOfA, b, valueOfB)));
}

const pair = (a: string, valueOfA: string, b: string, valueOfB: string): string =>
  [a, valueOfA, b, valueOfB].join('\0');
