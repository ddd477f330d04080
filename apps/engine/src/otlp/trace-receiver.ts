import { untraced } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import { InvalidTokenError, type TokenVerifier } from '@hatchet-ts/storage/credentials';
import { type SpanOwner, type SpanRecord, storeSpans } from '@hatchet-ts/storage/traces';
import type { Server } from 'nice-grpc';
import { type CallContext, ServerError, Status } from 'nice-grpc-common';
import { attributesFrom, SpanRejection } from './attributes.ts';
import {
  type ExportTraceServiceRequest,
  type ExportTraceServiceResponse,
  type ResourceSpans,
  TraceServiceDefinition,
} from './generated/trace-service.ts';
import { spanFromOtlp } from './span-from-otlp.ts';
import { createTraceBound, type TraceBound } from './trace-bound.ts';

/** Full name of the receiver's service: the prefix of its method's path, for middleware that has to leave it alone. */
export const TRACE_SERVICE: string = TraceServiceDefinition.fullName;

/** What the receiver needs. */
export interface TraceReceiverOptions {
  db: Database;
  verifyToken: TokenVerifier;
  /** What one trace may have; default: 100,000 spans. */
  bound?: TraceBound;
}

/**
 * Adds OTLP's `TraceService/Export` to a server. It authorises by itself: spans belong to the tenant of the bearer token,
 * or to the operator, and never to whom their attributes name. A span that cannot be stored is counted in the partial
 * success, which clients do not send again; when the database is away the answer is UNAVAILABLE, and they do.
 *
 * Neither a call nor its statements are traced: a trace of the export of a trace has no end.
 */
export function addTraceReceiver(server: Server, options: TraceReceiverOptions): void {
  const { db, verifyToken, bound = createTraceBound() } = options;
  server.add(TraceServiceDefinition, {
    export: (request, context) => untraced(() => receive(request, context)),
  });

  async function receive(
    request: ExportTraceServiceRequest,
    context: CallContext,
  ): Promise<ExportTraceServiceResponse> {
    const owner = await authorise(context);
    const { spans, rejections } = readSpans(request);
    try {
      const { admitted, tooMany } = bound.admit(owner, spans);
      const refused = await storeSpans(db, owner, admitted);
      return answer([
        ...rejections,
        ...refused.map(() => 'the database cannot hold it'),
        ...tooMany.map(() => 'its trace has as many spans as one may have'),
      ]);
    } catch {
      throw new ServerError(Status.UNAVAILABLE, 'the trace store is not available: send the spans again later');
    }
  }

  async function authorise({ metadata }: CallContext): Promise<SpanOwner> {
    const token = /^bearer (.+)$/i.exec(metadata.get('authorization') ?? '')?.[1];
    if (!token) throw new ServerError(Status.UNAUTHENTICATED, 'send an API token as "authorization: Bearer <token>"');
    try {
      return await verifyToken(token);
    } catch (error) {
      if (error instanceof InvalidTokenError) throw new ServerError(Status.UNAUTHENTICATED, error.message);
      throw new ServerError(Status.UNAVAILABLE, 'the token cannot be checked at the moment: try again later');
    }
  }
}

/** Reads each span for itself: one that cannot be stored takes no other one with it. */
function readSpans(request: ExportTraceServiceRequest): { spans: SpanRecord[]; rejections: string[] } {
  const spans: SpanRecord[] = [];
  const rejections: string[] = [];
  for (const resourceSpans of request.resourceSpans) {
    const read = resourceReader(resourceSpans);
    for (const { scope, spans: sent } of resourceSpans.scopeSpans) {
      for (const span of sent) {
        try {
          spans.push(spanFromOtlp(span, scope, read()));
        } catch (error) {
          if (!(error instanceof SpanRejection)) throw error;
          rejections.push(error.message);
        }
      }
    }
  }
  return { spans, rejections };
}

/** Reads the resource once; when that cannot be stored, each of its spans is rejected for the same reason. */
function resourceReader({ resource }: ResourceSpans): () => SpanRecord['resourceAttributes'] {
  let read: SpanRecord['resourceAttributes'] | undefined;
  return () => {
    read ??= attributesFrom(resource?.attributes ?? []);
    return read;
  };
}

const MOST_REASONS = 5;

function answer(rejections: string[]): ExportTraceServiceResponse {
  if (rejections.length === 0) return { partialSuccess: undefined };
  const counts = new Map<string, number>();
  for (const reason of rejections) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts]
    .slice(0, MOST_REASONS)
    .map(([reason, count]) => (count > 1 ? `${reason} (${count})` : reason));
  if (counts.size > MOST_REASONS) reasons.push('…');
  return { partialSuccess: { rejectedSpans: BigInt(rejections.length), errorMessage: reasons.join('; ') } };
}
