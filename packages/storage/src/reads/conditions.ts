/** A term of a WHERE clause with one value; the statement says at which parameter it stands. */
export interface Condition {
  sql: (parameter: string) => string;
  value: unknown;
}

/** Metadata pairs to look for; with `OR`, the default as in Hatchet, any of them suffices. */
export interface MetadataFilter {
  pairs: [key: string, value: string][];
  operator: 'AND' | 'OR';
}

/** A condition when there is a value; none, or an empty list, restricts nothing. */
export function given(value: unknown, sql: Condition['sql']): Condition | undefined {
  return value === undefined || (Array.isArray(value) && value.length === 0) ? undefined : { sql, value };
}

/** Whether the object in a `jsonb` column has these pairs. */
export function metadataHas(column: string, filter: MetadataFilter | undefined): Condition | undefined {
  if (!filter || filter.pairs.length === 0) return undefined;
  const pairs = (parameter: string) =>
    `SELECT FROM json_array_elements(${parameter}::json) AS pair WHERE ${column} ->> (pair ->> 0)`;
  return {
    value: JSON.stringify(filter.pairs),
    sql: {
      OR: (parameter: string) => `EXISTS (${pairs(parameter)} = pair ->> 1)`,
      AND: (parameter: string) => `NOT EXISTS (${pairs(parameter)} IS DISTINCT FROM pair ->> 1)`,
    }[filter.operator],
  };
}

/** The conditions as SQL, all of them to hold, and `params` with their values added. */
export function allOf(
  conditions: readonly (Condition | undefined)[],
  params: readonly unknown[],
): { sql: string; params: unknown[] } {
  const wanted = conditions.filter((condition) => condition !== undefined);
  const terms = wanted.map(({ sql }, index) => `(${sql(`$${params.length + index + 1}`)})`);
  return { sql: ['true', ...terms].join(' AND '), params: [...params, ...wanted.map(({ value }) => value)] };
}
