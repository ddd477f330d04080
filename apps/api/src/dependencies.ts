import type { Database } from '@hatchet-ts/storage';
import type { TokenVerifier } from '@hatchet-ts/storage/credentials';
import type { Logger } from 'pino';
import type { Engine } from './engine.ts';
import type { Triggers } from './triggers.ts';

/** What the routes work with. */
export interface Dependencies {
  db: Database;
  engine: Engine;
  triggers: Triggers;
  verifyToken: TokenVerifier;
  logger: Logger;
  /** Aborted when the service stops: what never ends by itself ends then. */
  stopping: AbortSignal;
}
