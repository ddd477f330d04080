import { MAX_SPANS_PER_TRACE, ownerId, type SpanOwner, type SpanRecord } from '@hatchet-ts/storage/traces';

/** Traces that are counted at a time; of the one that has had no span for longest the count is forgotten. */
const MOST_TRACES = 10_000;

/** Keeps the trace of a workflow that loops for ever, or fans out without end, from filling the database. */
export interface TraceBound {
  /** Splits spans into those whose trace has room for them, and those that come too late. */
  admit(owner: SpanOwner, spans: readonly SpanRecord[]): { admitted: SpanRecord[]; tooMany: SpanRecord[] };
}

/**
 * Counts what each trace has been given since the engine started, in memory: a span that is sent again counts again, and
 * a restart begins anew, so that it is no exact number that a trace keeps but one of that size.
 *
 * @param most spans of a trace by one owner. Default 100,000: as many as are shown of one.
 */
export function createTraceBound(most: number = MAX_SPANS_PER_TRACE): TraceBound {
  const counts = new Map<string, number>();

  function next(key: string): number {
    const count = (counts.get(key) ?? 0) + 1;
    counts.delete(key); // to the end: the first is the one that is forgotten
    counts.set(key, count);
    return count;
  }

  return {
    admit(owner, spans) {
      const id = ownerId(owner);
      const { admitted = [], tooMany = [] } = Object.groupBy(spans, ({ traceId }) =>
        next(`${id} ${traceId}`) <= most ? 'admitted' : 'tooMany',
      );
      for (const oldest of counts.keys()) {
        if (counts.size <= MOST_TRACES) break;
        counts.delete(oldest);
      }
      return { admitted, tooMany };
    },
  };
}
