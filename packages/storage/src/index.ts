export { Database, type DatabaseOptions } from './database/database.ts';
export { MigrationError, migrate } from './database/migrate.ts';
export type { Queryable } from './database/transaction.ts';
