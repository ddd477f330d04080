/** Limits of the delivery. Sizes in bytes, times in milliseconds. */
export interface DeliveryLimits {
  /** Queued spans, including those of the running call. */
  readonly queueSpans: number;
  /** Encoded size of the queued spans. */
  readonly queueBytes: number;
  readonly batchSpans: number;
  /** Largest request of several spans, with resource and scopes. */
  readonly batchBytes: number;
  /** Time after which an open batch is sent, full or not. */
  readonly batchMillis: number;
  /** Timeout of one call. */
  readonly callMillis: number;
  /** Time after its first call at which a batch is given up. */
  readonly retryMillis: number;
  /** Back-off after the first failure; it doubles with each further one. */
  readonly firstBackoffMillis: number;
  /** Longest back-off while there is no connection; short, so that a returning collector is noticed soon. */
  readonly reconnectMillis: number;
  /** Longest back-off while the collector answers with errors. */
  readonly longestBackoffMillis: number;
  /** Timeout of `forceFlush`. */
  readonly flushMillis: number;
  /** Timeout of `shutdown`. */
  readonly shutdownMillis: number;
  /** Interval at which a lasting problem is logged again. */
  readonly reminderMillis: number;
}

/** Limits of the telemetry contract, section 3. */
export const DELIVERY_LIMITS: DeliveryLimits = {
  queueSpans: 65_536,
  queueBytes: 64 * 1024 * 1024,
  batchSpans: 5120,
  // A Collector refuses messages of more than 4 MiB by default, and a proxy bodies of more than 1 MiB: the message and
  // the 5 bytes that gRPC puts before it.
  batchBytes: 1024 * 1024 - 6,
  batchMillis: 5000,
  callMillis: 10_000,
  retryMillis: 5 * 60_000,
  firstBackoffMillis: 200,
  reconnectMillis: 2000,
  longestBackoffMillis: 5000,
  flushMillis: 10_000,
  shutdownMillis: 5000,
  reminderMillis: 5 * 60_000,
};
