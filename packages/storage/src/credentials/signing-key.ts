import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { Queryable } from '../database/transaction.ts';

/** Signature algorithm of Hatchet's own tokens, and the only one that its clients have been used with. */
export const ALGORITHM = 'ES256';

/** Key pair that signs and verifies this installation's tokens. */
export interface SigningKey {
  keyId: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

/** Reads the installation's key pair, and creates it if there is none. Concurrent calls get the same key pair. */
export async function loadSigningKey(database: Queryable): Promise<SigningKey> {
  const row = (await readKey(database)) ?? (await createKey(database));
  return {
    keyId: row.key_id,
    privateKey: await importKey(row.private_jwk),
    publicKey: await importKey(row.public_jwk),
  };
}

interface SigningKeyRow {
  key_id: string;
  private_jwk: JWK;
  public_jwk: JWK;
}

async function readKey(database: Queryable): Promise<SigningKeyRow | undefined> {
  const { rows } = await database.query<SigningKeyRow>('SELECT key_id, private_jwk, public_jwk FROM signing_key');
  return rows[0];
}

async function createKey(database: Queryable): Promise<SigningKeyRow> {
  const pair = await generateKeyPair(ALGORITHM, { extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  await database.query(
    'INSERT INTO signing_key (key_id, private_jwk, public_jwk) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [await calculateJwkThumbprint(publicJwk), await exportJWK(pair.privateKey), publicJwk],
  );
  const row = await readKey(database);
  if (!row) throw new Error('the signing key was deleted right after it was stored');
  return row;
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, ALGORITHM);
  if (key instanceof Uint8Array) throw new Error('the stored signing key is not an elliptic curve key');
  return key;
}
