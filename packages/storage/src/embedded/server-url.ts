/** The application name of the connection that a server's owner holds open is this and its process id. */
export const OWNER = 'embedded-postgres owner ';

/** URL of a database of the embedded server. */
export function serverUrl(port: number, password: string, database = 'postgres'): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
}
