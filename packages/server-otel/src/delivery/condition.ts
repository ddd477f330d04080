import type { TelemetryLogger } from '../logger.ts';

/** What is said when a condition begins, lasts and ends. */
export interface ConditionTexts {
  readonly began: string;
  readonly lasts: string;
  readonly ended: string;
}

export interface ConditionOptions extends ConditionTexts {
  readonly logger: TelemetryLogger;
  /** What every line says besides, such as the counts of that moment. */
  readonly fields: () => object;
  readonly reminderMillis: number;
}

/** Says in one line each that something is amiss, that it still is, from time to time, and that it is over. */
export class Condition {
  readonly #options: ConditionOptions;
  #since: number | undefined;
  #saidAt = 0;

  constructor(options: ConditionOptions) {
    this.#options = options;
  }

  /** Called as often as it is noticed. */
  holds(details: object = {}): void {
    const { began, fields, lasts, logger, reminderMillis } = this.#options;
    const now = performance.now();
    if (this.#since !== undefined && now - this.#saidAt < reminderMillis) return;
    this.#saidAt = now;
    const since = this.#since;
    this.#since ??= now;
    safely(() => {
      if (since === undefined) logger.warn({ ...fields(), ...details }, began);
      else logger.warn({ ...fields(), ...details, seconds: secondsSince(since) }, lasts);
    });
  }

  over(): void {
    if (this.#since === undefined) return;
    const seconds = secondsSince(this.#since);
    this.#since = undefined;
    const { ended, fields, logger } = this.#options;
    safely(() => logger.info({ ...fields(), seconds }, ended));
  }
}

/** A logger that fails costs neither a request nor the delivery. */
function safely(say: () => void): void {
  try {
    say();
  } catch {
    // There is nobody else to tell.
  }
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 1000);
}
