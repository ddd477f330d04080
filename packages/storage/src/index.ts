export { Database, type DatabaseOptions } from './database/database.ts';
export { MigrationError, migrate } from './database/migrate.ts';
export type { Queryable } from './database/transaction.ts';
export { keyProblem, MOST_KEY_BYTES } from './sql/key-limit.ts';
