/** Returns the SQLSTATE of an error that PostgreSQL sent, for example `23505`. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  // `severity` distinguishes it from system errors: EPIPE has the form of a SQLSTATE.
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof severity === 'string' && typeof code === 'string' && /^[\dA-Z]{5}$/.test(code) ? code : undefined;
}
