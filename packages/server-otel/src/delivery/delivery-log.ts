import { SeenMessages } from '@hatchet-ts/otlp/seen-messages';
import type { TelemetryLogger } from '../logger.ts';
import type { DeliveryCounts } from './delivery-counts.ts';
import type { DeliveryLimits } from './limits.ts';

export interface DeliveryLogOptions {
  readonly logger: TelemetryLogger;
  /** `host:port` as the operator wrote it. */
  readonly endpoint: string;
  readonly counts: DeliveryCounts;
  readonly limits: DeliveryLimits;
}

/** Logs problems of the delivery: each when it begins, at intervals while it lasts, and when it ends. */
export class DeliveryLog {
  readonly #counts: DeliveryCounts;
  readonly #limits: DeliveryLimits;
  readonly #unavailable: Problem;
  readonly #refusing: Problem;
  readonly #queueFull: Problem;
  readonly #advice = new SeenMessages();
  readonly #logger: TelemetryLogger;
  readonly #endpoint: string;

  constructor({ logger, endpoint, counts, limits }: DeliveryLogOptions) {
    const fields = () => {
      const { created: _created, lastError: _lastError, ...current } = counts.status();
      return { endpoint, ...current };
    };
    const problem = (messages: ProblemMessages) => new Problem(messages, logger, fields, limits.reminderMillis);
    this.#logger = logger;
    this.#endpoint = endpoint;
    this.#counts = counts;
    this.#limits = limits;
    this.#unavailable = problem(MESSAGES.unavailable);
    this.#refusing = problem(MESSAGES.refusing);
    this.#queueFull = problem(MESSAGES.queueFull);
  }

  /** Reports a failed call that will be retried. */
  retrying(error: string): void {
    this.#unavailable.report({ error });
  }

  /** Reports spans that the collector refused or rejected. */
  refused(error: string): void {
    this.#unavailable.resolve();
    this.#refusing.report({ error });
  }

  /** Reports a call of which the collector accepted all spans. */
  accepted(): void {
    this.#unavailable.resolve();
    this.#refusing.resolve();
    if (this.#counts.queued <= this.#limits.queueSpans / 2) this.#queueFull.resolve();
  }

  /** Reports a message with which the collector accepted all spans. Each text is logged once. */
  advice(message: string): void {
    if (!this.#advice.add(message)) return;
    this.#logger.warn({ endpoint: this.#endpoint, collector: message }, ADVICE);
  }

  /** Reports a span that the full queue dropped. */
  queueFull(): void {
    this.#queueFull.report();
  }
}

const ADVICE = 'collector accepted all spans, with a message';

interface ProblemMessages {
  readonly began: string;
  readonly lasts: string;
  readonly ended: string;
}

const MESSAGES = {
  unavailable: {
    began: 'collector is unavailable; queueing spans and retrying',
    lasts: 'collector is still unavailable; queueing spans and retrying',
    ended: 'collector is available again',
  },
  refusing: {
    began: 'collector refuses spans; dropping them',
    lasts: 'collector still refuses spans; dropping them',
    ended: 'collector accepts all spans again',
  },
  queueFull: {
    began: 'span queue is full; dropping new spans',
    lasts: 'span queue is still full; dropping new spans',
    ended: 'span queue has room again',
  },
} as const;

/** A state that lasts for a while and is logged once, not at every occurrence. */
class Problem {
  readonly #messages: ProblemMessages;
  readonly #logger: TelemetryLogger;
  readonly #fields: () => object;
  readonly #reminderMillis: number;
  #since: number | undefined;
  #loggedAt = 0;

  constructor(messages: ProblemMessages, logger: TelemetryLogger, fields: () => object, reminderMillis: number) {
    this.#messages = messages;
    this.#logger = logger;
    this.#fields = fields;
    this.#reminderMillis = reminderMillis;
  }

  /** Called at every occurrence. */
  report(details: object = {}): void {
    const now = performance.now();
    if (this.#since !== undefined && now - this.#loggedAt < this.#reminderMillis) return;
    this.#loggedAt = now;
    const since = this.#since;
    this.#since ??= now;
    if (since === undefined) this.#logger.warn({ ...this.#fields(), ...details }, this.#messages.began);
    else this.#logger.warn({ ...this.#fields(), ...details, seconds: secondsSince(since) }, this.#messages.lasts);
  }

  resolve(): void {
    if (this.#since === undefined) return;
    const seconds = secondsSince(this.#since);
    this.#since = undefined;
    this.#logger.info({ ...this.#fields(), seconds }, this.#messages.ended);
  }
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 1000);
}
