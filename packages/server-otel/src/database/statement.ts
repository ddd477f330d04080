/** Facts of a query that its span and its measurement need. */
export interface Statement {
  readonly text: string | undefined;
  /** Name of a prepared statement. */
  readonly name: string | undefined;
  readonly hasParameters: boolean;
}

/**
 * Reads the first two arguments of `client.query`: a text, a configuration object, or an object that submits itself: a
 * `pg.Query`, a cursor, a stream.
 */
export function readStatement(query: unknown, values: unknown): Statement {
  const config: QueryFields = typeof query === 'string' ? { text: query } : (query as QueryFields);
  const parameters = Array.isArray(values) ? values : (config.values ?? config.cursor?.values);
  return {
    text: textOrUndefined(config.text ?? config.cursor?.text),
    name: textOrUndefined(config.name),
    hasParameters: Array.isArray(parameters) && parameters.length > 0,
  };
}

/**
 * Returns the name of a query's span, `pg.query:<statement> <database>`: OpenTelemetry's `instrumentation-pg` has the same
 * names, and dashboards depend on them.
 */
export function querySpanName({ name, text }: Statement, database: string | undefined): string {
  const statement = name ?? operationOf(text);
  return `pg.query${statement === undefined ? '' : `:${statement}`}${database ? ` ${database}` : ''}`;
}

/** Returns the first keyword of a statement in upper case; undefined if it does not begin with a word. */
export function operationOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : OPERATION.exec(text)?.[1]?.toUpperCase();
}

interface QueryFields {
  readonly text?: unknown;
  readonly name?: unknown;
  readonly values?: unknown;
  /** A `QueryStream` has its statement here. */
  readonly cursor?: { readonly text?: unknown; readonly values?: unknown };
}

function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The first keyword, after blanks, parentheses and comments. No keyword of SQL is longer; data could be. */
const OPERATION = /^(?:[\s(]|--[^\n]*\n|\/\*(?:(?!\*\/)[\s\S])*\*\/)*([A-Za-z]{1,20})\b/;
