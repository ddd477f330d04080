import { bearerToken } from '@hatchet-ts/internal/bearer-token';
import { authorised } from '@hatchet-ts/server-otel';
import { InvalidTokenError, type TokenVerifier } from '@hatchet-ts/storage/credentials';
import type { MiddlewareHandler } from 'hono';
import { ApiError } from '../errors/api-error.ts';

/** Hono's environment after {@link authentication}. */
export interface Authenticated {
  Variables: {
    tenantId: string;
    /** Sent on to the engine, never logged. */
    token: string;
  };
}

/** Requires the API token of a tenant; of the tenant in the path, if the path has one. */
export function authentication(verifyToken: TokenVerifier): MiddlewareHandler<Authenticated> {
  return async (c, next) => {
    const token = bearerToken(c.req.header('authorization'));
    if (!token) throw new ApiError(401, 'send an API token as "Authorization: Bearer <token>"');
    const { tenantId, scope } = await verifyToken(token).catch((error: unknown) => {
      throw error instanceof InvalidTokenError ? new ApiError(401, error.message) : error;
    });
    if (scope !== 'tenant') {
      throw new ApiError(403, 'an operator token is valid for the OTLP receiver only: use a tenant token');
    }
    authorised(tenantId);
    const tenantInPath = /\/tenants\/([^/]+)/.exec(c.req.path)?.[1];
    if (tenantInPath !== undefined && tenantInPath.toLowerCase() !== tenantId) {
      throw new ApiError(403, 'the token belongs to a different tenant than the path');
    }
    c.set('tenantId', tenantId);
    c.set('token', token);
    await next();
  };
}
