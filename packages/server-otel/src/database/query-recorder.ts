import {
  type Attributes,
  context,
  diag,
  type Histogram,
  type MeterProvider,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import {
  ATTR_DB_NAMESPACE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_QUERY_TEXT,
  ATTR_DB_RESPONSE_STATUS_CODE,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  DB_SYSTEM_NAME_VALUE_POSTGRESQL,
  METRIC_DB_CLIENT_OPERATION_DURATION,
} from '@opentelemetry/semantic-conventions';
import type { Client } from 'pg';
import { SCOPE } from '../process-telemetry.ts';
import { type QueryFailure, queryFailure } from './query-failure.ts';
import { recordedQueryText } from './query-text.ts';
import { operationOf, querySpanName, readStatement, type Statement } from './statement.ts';

/** Ends a query that was started, with its error if it failed. Calls after the first do nothing. */
export type EndQuery = (error?: unknown) => void;

/** Records queries: a CLIENT span below a recorded span, and if metrics are on, the duration of each. */
export class QueryRecorder {
  readonly #tracer: Tracer;
  readonly #duration: Histogram | undefined;

  constructor(tracerProvider: TracerProvider, meterProvider: MeterProvider | undefined) {
    this.#tracer = tracerProvider.getTracer(SCOPE.name, SCOPE.version);
    this.#duration = meterProvider
      ?.getMeter(SCOPE.name, SCOPE.version)
      .createHistogram(METRIC_DB_CLIENT_OPERATION_DURATION, {
        description: 'Duration of database client operations.',
        unit: 's',
        advice: { explicitBucketBoundaries: BUCKETS },
      });
  }

  /**
   * Starts recording a query.
   *
   * @param query first argument of `client.query`
   * @param values the second one
   * @returns undefined if the query is neither traced nor measured
   */
  start(client: Client, query: unknown, values: unknown): EndQuery | undefined {
    const active = context.active();
    // In a trace that this service drops, the active span is the caller's, which is not recorded here.
    const isTraced = trace.getSpan(active)?.isRecording() === true && !isTracingSuppressed(active);
    if (!isTraced && this.#duration === undefined) return undefined;
    try {
      return this.#start(client, readStatement(query, values), isTraced);
    } catch (error) {
      diag.error('a query cannot be recorded; the query itself is not affected', error);
      return undefined;
    }
  }

  #start(client: Client, statement: Statement, isTraced: boolean): EndQuery {
    const connection = connectionAttributes(client);
    const { name, text, hasParameters } = statement;
    const span = isTraced
      ? this.#tracer.startSpan(querySpanName(statement, client.database), {
          kind: SpanKind.CLIENT,
          attributes: {
            ...connection,
            ...(text !== undefined && { [ATTR_DB_QUERY_TEXT]: recordedQueryText(text, hasParameters) }),
            ...(name !== undefined && { [ATTR_PLAN]: name }),
          },
        })
      : undefined;
    const duration = this.#duration;
    const startedAt = duration === undefined ? 0 : performance.now();
    let isEnded = false;
    return (error) => {
      if (isEnded) return;
      isEnded = true;
      try {
        const failure = error === undefined || error === null ? undefined : queryFailure(error);
        if (failure !== undefined && span !== undefined) recordFailure(span, failure);
        span?.end();
        if (duration === undefined) return;
        const operation = operationOf(text);
        duration.record((performance.now() - startedAt) / 1000, {
          ...connection,
          ...(operation !== undefined && { [ATTR_DB_OPERATION_NAME]: operation }),
          ...(failure !== undefined && { [ATTR_ERROR_TYPE]: failure.type }),
        });
      } catch (cause) {
        diag.error('a query cannot be recorded; the query itself is not affected', cause);
      }
    };
  }
}

function recordFailure(span: Span, { type, sqlState }: QueryFailure): void {
  span.setAttribute(ATTR_ERROR_TYPE, type);
  if (sqlState !== undefined) span.setAttribute(ATTR_DB_RESPONSE_STATUS_CODE, sqlState);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}

/** Returns the attributes that all queries of a client have. */
function connectionAttributes(client: Client): Attributes {
  const known = ofClients.get(client);
  if (known !== undefined) return known;
  const { database, host, port } = client;
  const attributes: Attributes = {
    [ATTR_DB_SYSTEM_NAME]: DB_SYSTEM_NAME_VALUE_POSTGRESQL,
    ...(database && { [ATTR_DB_NAMESPACE]: database }),
    ...(host && { [ATTR_SERVER_ADDRESS]: host }),
    ...(Number.isInteger(port) && { [ATTR_SERVER_PORT]: port }),
  };
  ofClients.set(client, attributes);
  return attributes;
}

const ofClients = new WeakMap<Client, Attributes>();

/** Buckets that the conventions recommend, in seconds. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Name of a prepared statement, as `instrumentation-pg` records it; the conventions have none. */
const ATTR_PLAN = 'db.postgresql.plan';
