import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { Queryable } from '../database/transaction.ts';
import { ALGORITHM, type SigningKey, signingKey } from './signing-key.ts';
import { OPERATOR_SUBJECT, type TokenScope } from './token-scope.ts';

/** Who a valid token speaks for. */
export interface VerifiedToken {
  /** The nil UUID for scope `operator`. */
  tenantId: string;
  scope: TokenScope;
  tokenId: string;
}

/** Resolves to what a token says; throws {@link InvalidTokenError}, or the database's error. */
export type TokenVerifier = (token: string) => Promise<VerifiedToken>;

/** The token is not one of this installation, or has expired. The message never holds the token. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError';
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
/** Tokens of one installation are few, and callers present the same one again and again. */
const REMEMBERED_TOKENS = 1_000;

/** A verifier that reads the key once and remembers the tokens that it has checked until they expire. */
export function createTokenVerifier(database: Queryable): TokenVerifier {
  const verified = new Map<string, { expiresAt: number; claims: VerifiedToken }>();
  let key: Promise<SigningKey> | undefined;

  async function cachedKey(): Promise<SigningKey> {
    key ??= signingKey(database);
    try {
      return await key;
    } catch (error) {
      key = undefined;
      throw error;
    }
  }

  return async (token) => {
    const known = verified.get(token);
    if (known && known.expiresAt > Date.now()) return known.claims;
    verified.delete(token);
    const payload = await verifiedPayload(token, await cachedKey());
    const claims = claimsOf(payload);
    if (verified.size >= REMEMBERED_TOKENS) verified.clear();
    verified.set(token, { expiresAt: (payload.exp ?? 0) * 1000, claims });
    return claims;
  };
}

async function verifiedPayload(token: string, key: SigningKey): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: [ALGORITHM],
      requiredClaims: ['sub', 'exp'],
    });
    return payload;
  } catch (error) {
    throw new InvalidTokenError(reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired: issue a new one';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the token was signed by another installation';
  return 'the token is not a valid API token';
}

function claimsOf(payload: JWTPayload): VerifiedToken {
  const { sub: tenantId = '', scope = 'tenant', token_id: tokenId } = payload;
  const operator = scope === 'operator' && tenantId === OPERATOR_SUBJECT;
  const tenant = scope === 'tenant' && tenantId !== OPERATOR_SUBJECT && UUID.test(tenantId);
  if (!operator && !tenant) throw new InvalidTokenError('the token names no tenant');
  return { tenantId, scope: operator ? 'operator' : 'tenant', tokenId: typeof tokenId === 'string' ? tokenId : '' };
}
