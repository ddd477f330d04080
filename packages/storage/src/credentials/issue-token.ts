import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Queryable } from '../database/transaction.ts';
import { ALGORITHM, loadSigningKey } from './signing-key.ts';
import { OPERATOR_SUBJECT, type TokenScope } from './verify-token.ts';

/** Claims of a new token. */
export interface TokenRequest {
  /** The tenant whose data the token gives access to. Omitted for scope `operator`. */
  tenantId?: string;
  /** Base URL of the REST API. Clients read it from the token. */
  serverUrl: string;
  /** `host:port` of the engine. Clients read it from the token. */
  grpcAddress: string;
  /** Default 90 days, as in Hatchet. */
  expiresInSeconds?: number;
  /** Services export their own spans with an `operator` token, which gives no other access. Default `tenant`. */
  scope?: TokenScope;
}

const NINETY_DAYS = 90 * 24 * 60 * 60;

/**
 * Issues an API token in Hatchet's shape: an ES256 JWT that the official SDKs accept as `HATCHET_CLIENT_TOKEN`.
 *
 * @throws Error if the tenant does not exist.
 */
export async function issueToken(database: Queryable, request: TokenRequest): Promise<string> {
  const { scope = 'tenant', tenantId, serverUrl, grpcAddress, expiresInSeconds = NINETY_DAYS } = request;
  const subject = scope === 'operator' ? OPERATOR_SUBJECT : await findTenantId(database, tenantId);
  const { keyId, privateKey } = await loadSigningKey(database);
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

async function findTenantId(database: Queryable, tenantId = ''): Promise<string> {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM tenant WHERE id::text = lower($1)', [tenantId]);
  if (!rows[0]) throw new Error(`no tenant has the id "${tenantId}": use the UUID of an existing tenant`);
  return rows[0].id;
}
