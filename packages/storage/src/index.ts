export { createDatabase, type Database, type DatabaseOptions } from './database/database.ts';
export type { Listen, OnNotification } from './database/listen.ts';
export type { Queryable } from './database/transaction.ts';
export { MigrationError, migrate } from './migrate/migrate.ts';
