import { isUuid } from '@hatchet-ts/internal/uuid';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { Queryable } from '../database/transaction.ts';
import { ALGORITHM, loadSigningKey, type SigningKey } from './signing-key.ts';

/** Access that a token gives: to one tenant's data, or to the OTLP receiver for the operator's own spans. */
export type TokenScope = 'tenant' | 'operator';

/** The nil UUID: subject of operator tokens and owner of the spans that arrive with them. */
export const OPERATOR_SUBJECT = '00000000-0000-0000-0000-000000000000';

/** Claims of a valid token. */
export interface VerifiedToken {
  /** The nil UUID for scope `operator`. */
  tenantId: string;
  scope: TokenScope;
  tokenId: string;
}

/** Resolves to the claims of a token. Rejects with {@link InvalidTokenError}, or with the database's error. */
export type TokenVerifier = (token: string) => Promise<VerifiedToken>;

/** The token has expired, or this installation did not issue it. The message never contains the token. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError';
}

/** An installation has few tokens, and callers send the same one with every call. */
const CACHED_TOKENS = 1_000;

/** Creates a verifier that reads the key once, and caches verified tokens until they expire. */
export function createTokenVerifier(database: Queryable): TokenVerifier {
  const verified = new Map<string, { expiresAt: number; claims: VerifiedToken }>();
  let key: Promise<SigningKey> | undefined;

  async function readKey(): Promise<SigningKey> {
    key ??= loadSigningKey(database);
    try {
      return await key;
    } catch (error) {
      key = undefined;
      throw error;
    }
  }

  return async (token) => {
    const cached = verified.get(token);
    if (cached && cached.expiresAt > Date.now()) return cached.claims;
    verified.delete(token);
    const payload = await verifySignature(token, await readKey());
    const claims = claimsOf(payload);
    if (verified.size >= CACHED_TOKENS) verified.clear();
    verified.set(token, { expiresAt: (payload.exp ?? 0) * 1000, claims });
    return claims;
  };
}

async function verifySignature(token: string, key: SigningKey): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: [ALGORITHM],
      requiredClaims: ['sub', 'exp'],
    });
    return payload;
  } catch (error) {
    throw new InvalidTokenError(describeError(error));
  }
}

function describeError(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired: issue a new one';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the token was signed by another installation';
  return 'the token is not a valid API token';
}

function claimsOf(payload: JWTPayload): VerifiedToken {
  const { sub: tenantId = '', scope = 'tenant', token_id: tokenId } = payload;
  const operator = scope === 'operator' && tenantId === OPERATOR_SUBJECT;
  const tenant = scope === 'tenant' && tenantId !== OPERATOR_SUBJECT && isUuid(tenantId);
  if (!operator && !tenant) throw new InvalidTokenError('the token names no tenant');
  return { tenantId, scope: operator ? 'operator' : 'tenant', tokenId: typeof tokenId === 'string' ? tokenId : '' };
}
