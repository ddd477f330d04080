import { bearerToken } from '@hatchet-ts/internal/bearer-token';
import { untraced } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import { InvalidTokenError, type TokenVerifier } from '@hatchet-ts/storage/credentials';
import { type SpanOwner, type SpanRecord, storeSpans } from '@hatchet-ts/storage/traces';
import type { Server } from 'nice-grpc';
import { type CallContext, ServerError, Status } from 'nice-grpc-common';
import { attributesFrom } from './attributes.ts';
import {
  type ExportTraceServiceRequest,
  type ExportTraceServiceResponse,
  type InstrumentationScope,
  type Span,
  TraceServiceDefinition,
} from './generated/trace-service.ts';
import { SpanRejection, spanFromOtlp } from './span-from-otlp.ts';
import { TraceBound } from './trace-bound.ts';

/** Full name of the receiver's service: the prefix of its path, for middleware that must skip it. */
export const TRACE_SERVICE: string = TraceServiceDefinition.fullName;

export interface TraceReceiverOptions {
  db: Database;
  verifyToken: TokenVerifier;
  /** Limit of spans per trace. Default: 100,000. */
  bound?: TraceBound;
}

/**
 * Adds OTLP's `TraceService/Export` to a server. It does its own authorization: spans belong to the tenant of the bearer
 * token or to the operator, whatever their attributes name. Spans that cannot be stored, and those that were changed to be
 * stored, are counted in a partial success, which exporters do not retry. If the database is away the status is UNAVAILABLE, which they retry.
 *
 * Neither calls nor their statements are traced: tracing the export of traces would not end.
 */
export function addTraceReceiver(server: Server, options: TraceReceiverOptions): void {
  const { db, verifyToken, bound = new TraceBound() } = options;
  server.add(TraceServiceDefinition, {
    export: (request, context) => untraced(() => receive(request, context)),
  });

  async function receive(
    request: ExportTraceServiceRequest,
    context: CallContext,
  ): Promise<ExportTraceServiceResponse> {
    const owner = await authorize(context);
    const { spans, rejections, changes } = readSpans(request);
    try {
      const { admitted, tooMany } = bound.admit(owner, spans);
      const rejected = await storeSpans(db, owner, admitted);
      return response(
        [
          ...rejections,
          ...rejected.map(() => 'the database cannot store it'),
          ...tooMany.map(() => 'its trace has reached the limit of spans'),
        ],
        changes,
      );
    } catch {
      throw new ServerError(Status.UNAVAILABLE, 'the trace store is unavailable; retry later');
    }
  }

  async function authorize({ metadata }: CallContext): Promise<SpanOwner> {
    const token = bearerToken(metadata.get('authorization'));
    if (!token) throw new ServerError(Status.UNAUTHENTICATED, 'send an API token as "authorization: Bearer <token>"');
    try {
      return await verifyToken(token);
    } catch (error) {
      if (error instanceof InvalidTokenError) throw new ServerError(Status.UNAUTHENTICATED, error.message);
      throw new ServerError(Status.UNAVAILABLE, 'the token cannot be verified now; retry later');
    }
  }
}

interface ReadSpans {
  readonly spans: SpanRecord[];
  /** Reason of each span that cannot be stored. */
  readonly rejections: string[];
  /** Reason of each change of a stored span; a reason counts once a span. */
  readonly changes: string[];
}

/** Reads spans individually, so that a bad one does not affect the others. */
function readSpans(request: ExportTraceServiceRequest): ReadSpans {
  const read: ReadSpans = { spans: [], rejections: [], changes: [] };
  for (const resourceSpans of request.resourceSpans) {
    const faults = new Set<string>();
    const resource = attributesFrom(resourceSpans.resource?.attributes ?? [], (fault) =>
      faults.add(`the resource: ${fault}`),
    );
    for (const { scope, spans } of resourceSpans.scopeSpans) {
      for (const span of spans) readSpan(read, span, scope, resource, faults);
    }
  }
  return read;
}

function readSpan(
  { spans, rejections, changes }: ReadSpans,
  span: Span,
  scope: InstrumentationScope | undefined,
  resource: SpanRecord['resourceAttributes'],
  faultsOfResource: ReadonlySet<string>,
): void {
  const faults = new Set(faultsOfResource);
  try {
    spans.push(spanFromOtlp(span, scope, resource, (fault) => faults.add(fault)));
    changes.push(...faults);
  } catch (error) {
    if (!(error instanceof SpanRejection)) throw error;
    rejections.push(error.message);
  }
}

const MOST_REASONS = 5;

/** Without rejected spans, a message is a warning (OTLP specification, partial success). */
function response(rejections: readonly string[], changes: readonly string[]): ExportTraceServiceResponse {
  if (rejections.length + changes.length === 0) return { partialSuccess: undefined };
  const messages = [countReasons(rejections)];
  if (changes.length > 0) messages.push(`stored with changes: ${countReasons(changes)}`);
  const errorMessage = messages.filter((message) => message !== '').join('; ');
  return { partialSuccess: { rejectedSpans: BigInt(rejections.length), errorMessage } };
}

function countReasons(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const texts = [...counts]
    .slice(0, MOST_REASONS)
    .map(([reason, count]) => (count > 1 ? `${reason} (${count})` : reason));
  if (counts.size > MOST_REASONS) texts.push('…');
  return texts.join('; ');
}
