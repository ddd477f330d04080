export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres.ts';
export { type TemporaryDatabase, temporaryDatabase } from './temporary-database.ts';
