import type { TelemetryLogger } from '../logger.ts';
import type { Books } from './books.ts';
import { Condition, type ConditionTexts } from './condition.ts';
import type { DeliveryLimits } from './limits.ts';

export interface ConditionsOptions {
  readonly logger: TelemetryLogger;
  /** `host:port`, as the operator knows it. */
  readonly endpoint: string;
  readonly books: Books;
  readonly limits: DeliveryLimits;
}

/** What an operator is told about the delivery: each once when it begins, every five minutes, and when it is over. */
export class Conditions {
  readonly #books: Books;
  readonly #limits: DeliveryLimits;
  readonly #lost: Condition;
  readonly #refusing: Condition;
  readonly #full: Condition;

  constructor({ logger, endpoint, books, limits }: ConditionsOptions) {
    const fields = () => {
      const { created: _created, lastError: _lastError, ...counts } = books.status();
      return { endpoint, ...counts };
    };
    const condition = (texts: ConditionTexts) =>
      new Condition({ ...texts, logger, fields, reminderMillis: limits.reminderMillis });
    this.#books = books;
    this.#limits = limits;
    this.#lost = condition(TEXTS.lost);
    this.#refusing = condition(TEXTS.refusing);
    this.#full = condition(TEXTS.full);
  }

  /** A call failed that will be repeated. */
  lost(error: string): void {
    this.#lost.holds({ error });
  }

  /** The collector answered, and wants none or not all of the spans. */
  refusing(error: string): void {
    this.#lost.over();
    this.#refusing.holds({ error });
  }

  /** The collector took all spans of a call. */
  accepting(): void {
    this.#lost.over();
    this.#refusing.over();
    if (this.#books.queued <= this.#limits.queueSpans / 2) this.#full.over();
  }

  /** A span had no place. */
  full(): void {
    this.#full.holds();
  }
}

const TEXTS = {
  lost: {
    began: 'The collector cannot be reached',
    lasts: 'The collector still cannot be reached',
    ended: 'The collector is back',
  },
  refusing: {
    began: 'The collector refuses spans, which are dropped',
    lasts: 'The collector still refuses spans',
    ended: 'The collector takes all spans again',
  },
  full: {
    began: 'As many spans wait as may wait: new ones are dropped',
    lasts: 'New spans are still dropped, for too many wait',
    ended: 'There is room for new spans again',
  },
} as const;
