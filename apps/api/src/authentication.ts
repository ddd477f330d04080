import { authorised } from '@hatchet-ts/server-otel';
import { InvalidTokenError, type TokenVerifier } from '@hatchet-ts/storage/credentials';
import type { MiddlewareHandler } from 'hono';
import { ApiError } from './api-error.ts';

/** What the handlers know of a request. */
export interface Authenticated {
  Variables: {
    tenantId: string;
    /** Handed on to the engine, never logged. */
    token: string;
  };
}

/** Lets in who has an API token of a tenant, and only to the tenant that the path names, if it names one. */
export function authentication(verifyToken: TokenVerifier): MiddlewareHandler<Authenticated> {
  return async (c, next) => {
    const token = /^bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    if (!token) throw new ApiError(401, 'send an API token as "Authorization: Bearer <token>"');
    const { tenantId, scope } = await verifyToken(token).catch((error: unknown) => {
      throw error instanceof InvalidTokenError ? new ApiError(401, error.message) : error;
    });
    if (scope !== 'tenant')
      throw new ApiError(403, 'an operator token opens the OTLP receiver only: use a tenant token');
    authorised(tenantId);
    const named = /\/tenants\/([^/]+)/.exec(c.req.path)?.[1];
    if (named !== undefined && named.toLowerCase() !== tenantId) {
      throw new ApiError(403, 'the token belongs to another tenant than the path');
    }
    c.set('tenantId', tenantId);
    c.set('token', token);
    await next();
  };
}
