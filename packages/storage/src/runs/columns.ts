/** A point in time as the engine counts it: milliseconds since the epoch, with a fraction. */
export type EpochMs = number;

/** Reads a `timestamptz` column with the microseconds that a `Date` would lose. */
export function epochMs(column: string): string {
  return `extract(epoch FROM ${column})::float8 * 1000`;
}

/** Writes {@link EpochMs}, given as a parameter or a `float8` column, into a `timestamptz`. */
export function timestamp(value: string): string {
  return `to_timestamp(${value}::float8 / 1000)`;
}
