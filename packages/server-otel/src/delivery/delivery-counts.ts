/**
 * Reasons for which a span is dropped:
 *
 * - `queue_full`: the queue was full, by spans or by bytes
 * - `encoding_failed`: the span could not be encoded
 * - `refused`: the collector answered its batch with an error that is not retryable
 * - `rejected`: the collector accepted its batch, but not all spans of it (partial success)
 * - `expired`: its batch was retried for as long as the limit allows
 * - `shutdown`: it was undelivered when the process ended
 */
export const DROP_REASONS = ['queue_full', 'encoding_failed', 'refused', 'rejected', 'expired', 'shutdown'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Counts of the delivery. At any moment `created` = `exported` + `queued` + `dropped`. */
export interface DeliveryStatus {
  /** Sampled spans that have ended. */
  readonly created: number;
  /** Spans that the collector acknowledged. */
  readonly exported: number;
  /** Spans that wait or belong to the running call. */
  readonly queued: number;
  readonly dropped: number;
  readonly droppedBy: Readonly<Record<DropReason, number>>;
  /** Error of the latest failed call, kept after the collector has recovered. */
  readonly lastError?: string;
}

/** Counts every span in exactly one account. */
export class DeliveryCounts {
  created = 0;
  queued = 0;
  exported = 0;
  /** Queued spans of the running call. */
  inFlight = 0;
  lastError: string | undefined;
  readonly droppedBy: Record<DropReason, number> = {
    queue_full: 0,
    encoding_failed: 0,
    refused: 0,
    rejected: 0,
    expired: 0,
    shutdown: 0,
  };

  /** Counts an ended span that is queued. */
  enqueue(): void {
    this.created++;
    this.queued++;
  }

  /** Counts an ended span that is dropped without being queued. */
  reject(reason: DropReason): void {
    this.created++;
    this.droppedBy[reason]++;
  }

  acknowledge(spans: number): void {
    this.queued -= spans;
    this.exported += spans;
  }

  /** Counts queued spans that are given up. */
  drop(reason: DropReason, spans: number): void {
    this.queued -= spans;
    this.droppedBy[reason] += spans;
  }

  status(): DeliveryStatus {
    const { created, exported, queued, lastError } = this;
    const dropped = Object.values(this.droppedBy).reduce((sum, count) => sum + count, 0);
    const counts = { created, exported, queued, dropped, droppedBy: { ...this.droppedBy } };
    return lastError === undefined ? counts : { ...counts, lastError };
  }
}

/** Status of a service that exports nothing. */
export const NOTHING_DELIVERED: DeliveryStatus = new DeliveryCounts().status();
