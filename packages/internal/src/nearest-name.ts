/**
 * The known name that a misspelt one probably means: a name that contains all of its words, else the one with the
 * fewest single-character edits. Undefined if even that one has hardly a letter in common.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const withItsWords = known.filter((other) => wordsOf(name).every((word) => wordsOf(other).includes(word)));
  if (withItsWords.length > 0) return closest(name, withItsWords);
  const nearest = closest(name, known);
  if (nearest === undefined) return undefined;
  return editDistance(name, nearest) <= 0.7 * Math.max(name.length, nearest.length) ? nearest : undefined;
}

function closest(name: string, candidates: readonly string[]): string | undefined {
  return candidates
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .toSorted((a, b) => a.distance - b.distance)[0]?.candidate;
}

function wordsOf(name: string): string[] {
  return name.split(/[_.]/);
}

/** Levenshtein distance, computed row by row. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, replaced);
    }
    row = next;
  }
  return row[to.length]!;
}
