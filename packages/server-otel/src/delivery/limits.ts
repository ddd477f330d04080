/** The bounds of the delivery. Sizes in bytes, times in milliseconds. */
export interface DeliveryLimits {
  /** Spans that wait, those on their way included. */
  readonly queueSpans: number;
  /** What they may take. */
  readonly queueBytes: number;
  readonly batchSpans: number;
  readonly batchBytes: number;
  /** How long a span waits for others to go with. */
  readonly batchMillis: number;
  /** How long one call may take. */
  readonly callMillis: number;
  /** How long a batch is tried, from its first call on. */
  readonly retryMillis: number;
  /** The pause after a first failure; it doubles with each further one. */
  readonly firstPauseMillis: number;
  /** The longest pause while nobody answers, so that a collector that is back is soon noticed. */
  readonly reconnectMillis: number;
  /** The longest pause while the collector answers that it cannot. */
  readonly longestPauseMillis: number;
  /** How long `forceFlush` waits for the collector. */
  readonly flushMillis: number;
  /** How long `shutdown` may deliver. */
  readonly shutdownMillis: number;
  /** How often a state that lasts is said again. */
  readonly reminderMillis: number;
}

/** Telemetry contract, section 3. */
export const DELIVERY_LIMITS: DeliveryLimits = {
  queueSpans: 65_536,
  queueBytes: 64 * 1024 * 1024,
  batchSpans: 5120,
  // A Collector refuses calls of more than 4 MiB unless told otherwise.
  batchBytes: 1024 * 1024,
  batchMillis: 5000,
  callMillis: 10_000,
  retryMillis: 5 * 60_000,
  firstPauseMillis: 200,
  reconnectMillis: 2000,
  longestPauseMillis: 5000,
  flushMillis: 10_000,
  shutdownMillis: 5000,
  reminderMillis: 5 * 60_000,
};
