export interface Announced {
  grpcAddress: string;
  url: string;
  database: string;
  /** What the services write. */
  logs: string;
  /** Environment of a worker of one's own. */
  variables: Record<string, string>;
}

/** What `npm start` says once everything serves. */
export function announcement({ grpcAddress, url, database, logs, variables }: Announced): string {
  const exports = Object.entries(variables).map(([name, value]) => `  export ${name}=${value}`);
  return [
    'Serving:',
    `  engine    ${grpcAddress} (gRPC: workers, clients, OTLP traces)`,
    `  page      ${url}/ (runs and their traces, in a browser)`,
    `  API       ${url}`,
    `  database  ${database}`,
    `  logs      ${logs}`,
    '',
    'A worker of your own finds it with',
    ...exports,
    '',
    'Another order, in a second terminal:  npm run order',
    'Ctrl-C stops everything.',
  ].join('\n');
}
