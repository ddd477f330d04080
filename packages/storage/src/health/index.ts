export { type DatabaseHealth, databaseHealth, type TableHealth } from './database-health.ts';
export { type QueueDepth, queueDepths } from './queue-depth.ts';
export { type WorkerCensus, workerCensus } from './worker-census.ts';
