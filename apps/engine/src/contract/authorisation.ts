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

async function tenantOf({ metadata }: CallContext, verifyToken: TokenVerifier): Promise<string> {
  const token = /^bearer (.+)$/i.exec(metadata.get('authorization') ?? '')?.[1];
  if (!token) throw new ServerError(Status.UNAUTHENTICATED, 'send an API token as "authorization: bearer <token>"');
  const { scope, tenantId } = await verifyToken(token).catch((error: unknown) => {
    if (error instanceof InvalidTokenError) throw new ServerError(Status.UNAUTHENTICATED, error.message);
    throw error;
  });
  if (scope === 'tenant') return tenantId;
  throw new ServerError(Status.PERMISSION_DENIED, 'an operator token only exports spans: use a token of the tenant');
}
