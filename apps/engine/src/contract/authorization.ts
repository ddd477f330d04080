import { bearerToken } from '@hatchet-ts/internal/bearer-token';
import { authorised } from '@hatchet-ts/server-otel';
import { InvalidTokenError, type TokenVerifier } from '@hatchet-ts/storage/credentials';
import { type CallContext, ServerError, type ServerMiddleware, Status } from 'nice-grpc';

/** Context of a call with a verified token. */
export interface Authorized {
  tenantId: string;
}

/** Authorizes calls with a tenant's bearer token, and adds the tenant to their context. */
export function authorization(verifyToken: TokenVerifier): ServerMiddleware<Authorized> {
  return async function* authorize(call, context) {
    const tenantId = await tenantOf(context, verifyToken);
    authorised(tenantId);
    return yield* call.next(call.request, { ...context, tenantId });
  };
}

/** Finds the tenant of a call's token; undefined if {@link authorization} would reject it. */
export function tenantOfCall(verifyToken: TokenVerifier): (metadata: Headers) => Promise<string | undefined> {
  return async (metadata) => {
    const token = tokenOf(metadata);
    const verified = token === undefined ? undefined : await verifyToken(token).catch(() => undefined);
    return verified?.scope === 'tenant' ? verified.tenantId : undefined;
  };
}

interface Headers {
  get(key: string): unknown;
}

function tokenOf(metadata: Headers): string | undefined {
  return bearerToken(String(metadata.get('authorization') ?? ''));
}

async function tenantOf({ metadata }: CallContext, verifyToken: TokenVerifier): Promise<string> {
  const token = tokenOf(metadata);
  if (!token) throw new ServerError(Status.UNAUTHENTICATED, 'send an API token as "authorization: bearer <token>"');
  const { scope, tenantId } = await verifyToken(token).catch((error: unknown) => {
    if (error instanceof InvalidTokenError) throw new ServerError(Status.UNAUTHENTICATED, error.message);
    throw error;
  });
  if (scope === 'tenant') return tenantId;
  throw new ServerError(Status.PERMISSION_DENIED, 'an operator token only exports spans: use a token of the tenant');
}
