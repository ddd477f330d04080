import { sqlStateOf } from '../spans/sql-state.ts';

/** Error of a query, without its sentence: the server's quotes parameters, and pg's may quote a value. */
export interface QueryFailure {
  /** The SQLSTATE; if the server sent none, the code of a system error, else the class name. */
  readonly type: string;
  readonly sqlState: string | undefined;
}

export function queryFailure(error: unknown): QueryFailure {
  const sqlState = sqlStateOf(error);
  return { type: sqlState ?? systemCodeOf(error) ?? classNameOf(error), sqlState };
}

function systemCodeOf(error: unknown): string | undefined {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : undefined;
}

function classNameOf(error: unknown): string {
  const name: unknown = (Object(error) as object).constructor?.name;
  return typeof name === 'string' && name !== '' ? name : typeof error;
}
