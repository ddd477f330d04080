import type { TraceLayout } from './layout.ts';

/** Indexes of the rows with an error, top to bottom; a group is left out for its members where they have rows. */
export function errorRows({ rows }: TraceLayout): number[] {
  return rows.flatMap((row, index) =>
    row.spans.some((span) => span.status === 'ERROR') && !(row.group && row.below > 0) ? [index] : [],
  );
}

/** The next one after a row (or, `back`, the one before), around the end; undefined where there is none. */
export function nextError(errors: readonly number[], index: number, direction: 'on' | 'back'): number | undefined {
  return direction === 'on'
    ? (errors.find((error) => error > index) ?? errors[0])
    : (errors.findLast((error) => error < index) ?? errors.at(-1));
}
