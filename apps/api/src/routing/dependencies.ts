import type { Database } from '@hatchet-ts/storage';
import type { TokenVerifier } from '@hatchet-ts/storage/credentials';
import type { Logger } from 'pino';
import type { EngineClient } from '../engine/engine-client.ts';
import type { RunTrigger } from '../engine/run-trigger.ts';

/** Services that the handlers use. */
export interface Dependencies {
  db: Database;
  engine: EngineClient;
  runTrigger: RunTrigger;
  verifyToken: TokenVerifier;
  logger: Logger;
  /** Aborted when the service stops; ends the streams. */
  stopping: AbortSignal;
}
