/** A point in time: milliseconds since the epoch, with a fraction. */
export type EpochMs = number;

/** Converts a `timestamptz` column to {@link EpochMs}. It keeps the microseconds that a `Date` would lose. */
export function epochMs(column: string): string {
  return `extract(epoch FROM ${column})::float8 * 1000`;
}

/** Converts {@link EpochMs}, a parameter or a `float8` column, to `timestamptz`. */
export function timestamp(value: string): string {
  return `to_timestamp(${value}::float8 / 1000)`;
}
