import { authorised } from '@hatchet-ts/server-otel';
import { InvalidTokenError, type TokenVerifier } from '@hatchet-ts/storage/credentials';
import { type CallContext, ServerError, type ServerMiddleware, Status } from 'nice-grpc';

/** What a call has once its token was checked. */
export interface Authorised {
  tenantId: string;
}

/** Lets calls pass whose bearer token is a tenant's, and tells them whose. */
export function authorisation(verifyToken: TokenVerifier): ServerMiddleware<Authorised> {
  return async function* authorise(call, context) {
    const tenantId = await tenantOf(context, verifyToken);
    authorised(tenantId);
    return yield* call.next(call.request, { ...context, tenantId });
  };
}

/** The tenant whose token a call brings; undefined where {@link authorisation} would refuse it. */
export function tenantOfCall(verifyToken: TokenVerifier): (metadata: Headers) => Promise<string | undefined> {
  return async (metadata) => {
    const token = bearerToken(metadata);
    const verified = token === undefined ? undefined : await verifyToken(token).catch(() => undefined);
    return verified?.scope === 'tenant' ? verified.tenantId : undefined;
  };
}

interface Headers {
  get(key: string): unknown;
}

function bearerToken(metadata: Headers): string | undefined {
  return /^bearer (.+)$/i.exec(String(metadata.get('authorization') ?? ''))?.[1];
}

async function tenantOf({ metadata }: CallContext, verifyToken: TokenVerifier): Promise<string> {
  const token = bearerToken(metadata);
  if (!token) throw new ServerError(Status.UNAUTHENTICATED, 'send an API token as "authorization: bearer <token>"');
  const { scope, tenantId } = await verifyToken(token).catch((error: unknown) => {
    if (error instanceof InvalidTokenError) throw new ServerError(Status.UNAUTHENTICATED, error.message);
    throw error;
  });
  if (scope === 'tenant') return tenantId;
  throw new ServerError(Status.PERMISSION_DENIED, 'an operator token only exports spans: use a token of the tenant');
}
