/** One term of a WHERE clause, with the value of its parameter. */
export interface Condition {
  /** Builds the term around its parameter, such as `$3`. */
  sql: (parameter: string) => string;
  value: unknown;
}

/** Metadata pairs to match. With `OR`, Hatchet's default, one matching pair is enough. */
export interface MetadataFilter {
  pairs: [key: string, value: string][];
  operator: 'AND' | 'OR';
}

/** Builds a condition. An undefined value or an empty list restricts nothing. */
export function condition(value: unknown, sql: Condition['sql']): Condition | undefined {
  return value === undefined || (Array.isArray(value) && value.length === 0) ? undefined : { sql, value };
}

/** Builds the condition that the object in a `jsonb` column has these pairs. */
export function metadataCondition(column: string, filter: MetadataFilter | undefined): Condition | undefined {
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

/** Joins conditions with AND. Their values are appended to `params`. */
export function joinConditions(
  conditions: readonly (Condition | undefined)[],
  params: readonly unknown[],
): { sql: string; params: unknown[] } {
  const wanted = conditions.filter((term) => term !== undefined);
  const terms = wanted.map(({ sql }, index) => `(${sql(`$${params.length + index + 1}`)})`);
  return { sql: ['true', ...terms].join(' AND '), params: [...params, ...wanted.map(({ value }) => value)] };
}
