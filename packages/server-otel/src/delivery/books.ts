/**
 * Why a span was dropped:
 *
 * - `queue_full`: it came while as many spans, or bytes, waited as may wait
 * - `encoding_failed`: it could not be read
 * - `refused`: its batch was answered with an error that no repetition mends
 * - `rejected`: the collector took its batch but not all spans in it
 * - `expired`: its batch was tried as long as it may be
 * - `shutdown`: it was not delivered when the process ended
 */
export const DROP_REASONS = ['queue_full', 'encoding_failed', 'refused', 'rejected', 'expired', 'shutdown'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** What became of the spans. At any moment `created` = `exported` + `queued` + `dropped`. */
export interface DeliveryStatus {
  /** Sampled spans that have ended. */
  readonly created: number;
  /** Acknowledged by the collector. */
  readonly exported: number;
  /** Waiting, or on their way. */
  readonly queued: number;
  readonly dropped: number;
  readonly droppedBy: Readonly<Record<DropReason, number>>;
  /** What the latest failed call said, also when the collector has answered since. */
  readonly lastError?: string;
}

/** Counts spans; every span is in exactly one of the accounts. */
export class Books {
  created = 0;
  queued = 0;
  exported = 0;
  /** Of those queued: in the call that is on its way. */
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

  /** A span that has ended now waits. */
  enqueue(): void {
    this.created++;
    this.queued++;
  }

  /** A span that has ended is not even queued. */
  turnAway(reason: DropReason): void {
    this.created++;
    this.droppedBy[reason]++;
  }

  acknowledge(spans: number): void {
    this.queued -= spans;
    this.exported += spans;
  }

  /** Spans that waited are given up. */
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

/** Of a service that exports nothing. */
export const NOTHING_DELIVERED: DeliveryStatus = new Books().status();
