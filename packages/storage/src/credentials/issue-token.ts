import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Queryable } from '../database/transaction.ts';
import { ALGORITHM, signingKey } from './signing-key.ts';
import { OPERATOR_SUBJECT, type TokenScope } from './token-scope.ts';

/** What a token says and where it leads its bearer. */
export interface TokenRequest {
  /** The tenant that the token opens; left out for scope `operator`. */
  tenantId?: string;
  /** Base URL of the REST API, for the clients that read it from the token. */
  serverUrl: string;
  /** `host:port` of the engine, likewise. */
  grpcAddress: string;
  /** Default 90 days, as Hatchet's. */
  expiresInSeconds?: number;
  /** `operator` tokens are for services that export their own spans, and open nothing else. Default `tenant`. */
  scope?: TokenScope;
}

const NINETY_DAYS = 90 * 24 * 60 * 60;

/**
 * Issues an API token in Hatchet's shape: an ES256 JWT that the official SDKs accept as `HATCHET_CLIENT_TOKEN`.
 *
 * @throws Error when the tenant does not exist.
 */
export async function issueToken(database: Queryable, request: TokenRequest): Promise<string> {
  const { scope = 'tenant', tenantId, serverUrl, grpcAddress, expiresInSeconds = NINETY_DAYS } = request;
  const subject = scope === 'operator' ? OPERATOR_SUBJECT : await existingTenant(database, tenantId);
  const { keyId, privateKey } = await signingKey(database);
  const claims = { server_url: serverUrl, grpc_broadcast_address: grpcAddress, token_id: randomUUID(), scope };
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, kid: keyId })
    .setSubject(subject)
    .setAudience(serverUrl)
    .setIssuer(serverUrl)
    .setIssuedAt(now)
    .setExpirationTime(now + expiresInSeconds)
    .sign(privateKey);
}

async function existingTenant(database: Queryable, tenantId = ''): Promise<string> {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM tenant WHERE id::text = lower($1)', [tenantId]);
  if (!rows[0]) throw new Error(`no tenant has the id "${tenantId}": give the UUID of an existing tenant`);
  return rows[0].id;
}
