import { EngineLock } from '@hatchet-ts/storage/engine-lock';
import type { Logger } from 'pino';

/** Permission to schedule: this engine holds the database's lock, and its memory agrees with the rows. */
export class Lease {
  readonly #log: Logger;
  #lock: EngineLock | undefined;
  #isCurrent = false;
  #losses = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** False from the loss of the lock until recovery has finished. */
  readonly mayRun = (): boolean => this.#isCurrent && this.#lock?.isHeld() === true;

  /** @throws EngineLockHeldError if another engine holds the lock. */
  async take(databaseUrl: string, applicationName: string, onRegained: () => void): Promise<void> {
    this.#lock = await EngineLock.acquire(databaseUrl, {
      applicationName,
      onLost: (error) => {
        this.#isCurrent = false;
        this.#losses += 1;
        this.#log.warn({ err: error }, 'lost the database lock; scheduling is paused until the engine regains it');
      },
      onRegained: () => {
        this.#log.info('regained the database lock; recovering');
        onRegained();
      },
    });
  }

  /** Number of times that the lock was lost. */
  get losses(): number {
    return this.#losses;
  }

  /** To be called once memory agrees with the rows; without effect if the lock was lost since `losses` was read. */
  confirm(losses: number): void {
    if (losses === this.#losses) this.#isCurrent = true;
  }

  async release(): Promise<void> {
    await this.#lock?.release();
  }
}
