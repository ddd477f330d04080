/**
 * The name among `known` that was probably meant: one that has every word of `name` and some more, else the one that
 * differs least by single-character edits.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const candidates = known.filter((other) => wordsOf(name).every((word) => wordsOf(other).includes(word)));
  return (candidates.length > 0 ? candidates : known).toSorted((a, b) => edits(name, a) - edits(name, b))[0];
}

function wordsOf(name: string): string[] {
  return name.split(/[_.]/);
}

/** Levenshtein's distance, one row at a time. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
