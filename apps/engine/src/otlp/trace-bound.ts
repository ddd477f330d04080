import { MAX_SPANS_PER_TRACE, ownerId, type SpanOwner, type SpanRecord } from '@hatchet-ts/storage/traces';

/** Most traces counted at a time; beyond it the count of the longest inactive one is dropped. */
const MOST_TRACES = 10_000;

/**
 * Limits the spans of a trace, so that a workflow that loops or fans out without end cannot fill the database. Counts are
 * kept in memory: a repeated span counts again and a restart resets the counts, so the limit is approximate.
 */
export class TraceBound {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  /** @param most spans of a trace by one owner; default: as many as are shown of one. */
  constructor(most: number = MAX_SPANS_PER_TRACE) {
    this.#most = most;
  }

  /** Splits spans into those that their traces have room for, and the rest. */
  admit(owner: SpanOwner, spans: readonly SpanRecord[]): { admitted: SpanRecord[]; tooMany: SpanRecord[] } {
    const id = ownerId(owner);
    const { admitted = [], tooMany = [] } = Object.groupBy(spans, ({ traceId }) =>
      this.#count(`${id} ${traceId}`) <= this.#most ? 'admitted' : 'tooMany',
    );
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= MOST_TRACES) break;
      this.#counts.delete(oldest);
    }
    return { admitted, tooMany };
  }

  #count(key: string): number {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.delete(key); // moves it to the end: the first one is dropped next
    this.#counts.set(key, count);
    return count;
  }
}
