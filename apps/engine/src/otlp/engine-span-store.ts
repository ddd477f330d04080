import { randomBytes } from 'node:crypto';
import { untraced } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type Attributes, type SpanOwner, type SpanRecord, storeSpans } from '@hatchet-ts/storage/traces';
import type { HrTime, SpanContext } from '@opentelemetry/api';
import { SingleLoop } from '../loops/single-loop.ts';
import type { RunSpan } from '../runs/spans.ts';
import { TraceBound } from './trace-bound.ts';

/** Longest wait of a span for others that are stored with it, in milliseconds. */
const COLLECT_MS = 200;
const MOST_AT_ONCE = 1_000;
/** Most spans that wait while the database is away. */
const MOST_WAITING = 20_000;

const OWNER: SpanOwner = { scope: 'operator' };
/** Service and scope of the spans that Hatchet's own engine stores. */
const SERVICE = 'hatchet-engine';

/**
 * Stores the engine's spans of runs as if the engine had exported them to itself, so that a tenant's trace has them
 * without an exporter. It stores them in groups, and drops new ones if the database is away for long.
 */
export class EngineSpanStore {
  readonly #db: Queryable;
  readonly #onError: (error: unknown) => void;
  readonly #bound = new TraceBound();
  readonly #waiting: SpanRecord[] = [];
  readonly #loop: SingleLoop;
  #timer: NodeJS.Timeout | undefined;
  #isFull = false;

  constructor(db: Queryable, onError: (error: unknown) => void) {
    this.#db = db;
    this.#onError = onError;
    this.#loop = new SingleLoop(() => this.#store(), onError);
  }

  add(span: RunSpan): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(spanRecord(span));
    else if (!this.#isFull) {
      this.#isFull = true;
      this.#onError(new Error(`the queue of ${MOST_WAITING} engine spans is full; dropping new spans`));
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#loop.wake();
    }, COLLECT_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#loop.stop();
    await this.#store().catch(this.#onError);
  }

  async #store(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MOST_AT_ONCE);
      const { admitted } = this.#bound.admit(OWNER, batch);
      await untraced(() => storeSpans(this.#db, OWNER, admitted));
      this.#waiting.splice(0, batch.length);
      this.#isFull = false;
    }
  }
}

function spanRecord({
  name,
  parent,
  own,
  startTime,
  endTime,
  attributes,
  links = [],
  error,
  errorType,
}: RunSpan): SpanRecord {
  const context = own ?? parent;
  return {
    traceId: context?.traceId ?? '',
    spanId: own?.spanId ?? randomBytes(8).toString('hex'),
    ...(parent && { parentSpanId: parent.spanId }),
    flags: context?.traceFlags ?? 0,
    name: `hatchet.engine.${name}`,
    kind: 'INTERNAL',
    serviceName: SERVICE,
    scopeName: SERVICE,
    scopeVersion: '',
    startTime: nanoseconds(startTime),
    endTime: nanoseconds(endTime),
    statusCode: error === undefined ? 'UNSET' : 'ERROR',
    ...(error !== undefined && { statusMessage: error }),
    attributes: { ...spanAttributes(attributes), ...(errorType !== undefined && { 'error.type': errorType }) },
    resourceAttributes: { 'service.name': SERVICE },
    events: [],
    links: links.map(spanLink),
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function spanAttributes(values: RunSpan['attributes']): Attributes {
  const attributes: Attributes = { 'hatchet.span_source': 'engine' };
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === null || value === '') continue;
    attributes[`hatchet.${key}`] = Number.isInteger(value) ? BigInt(value) : value;
  }
  return attributes;
}

function spanLink({ traceId, spanId, traceFlags }: SpanContext): SpanRecord['links'][number] {
  return { traceId, spanId, flags: traceFlags, attributes: {}, droppedAttributesCount: 0 };
}

function nanoseconds([seconds, rest]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}
