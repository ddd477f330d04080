import { decodeJwt, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../embedded/index.ts';
import { createTokenVerifier, InvalidTokenError, issueToken, OPERATOR_SUBJECT } from './index.ts';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const ADDRESSES = { serverUrl: 'http://127.0.0.1:8080', grpcAddress: '127.0.0.1:7070' };

describe('API tokens', () => {
  let temporary: TemporaryDatabase;
  let database: Database;

  beforeAll(async () => {
    temporary = await temporaryDatabase();
    database = new Database(temporary.url, { applicationName: 'credentials test' });
    await migrate(database);
  });

  afterAll(async () => {
    await database.close();
    await temporary.drop();
  });

  it('carry the claims that the official SDK reads', async () => {
    const token = await issueToken(database, { tenantId: TENANT, ...ADDRESSES });
    expect(decodeJwt(token)).toMatchObject({
      sub: TENANT,
      server_url: 'http://127.0.0.1:8080',
      grpc_broadcast_address: '127.0.0.1:7070',
      token_id: expect.any(String),
    });
  });

  it('are valid for their tenant, in every process of the installation', async () => {
    const token = await issueToken(database, { tenantId: TENANT.toUpperCase(), ...ADDRESSES });
    const { token_id: tokenId } = decodeJwt(token);
    const claims = { tenantId: TENANT, scope: 'tenant', tokenId };
    expect(await createTokenVerifier(database)(token)).toEqual(claims);
    expect(await createTokenVerifier(database)(token)).toEqual(claims);
  });

  it('of the operator belong to no tenant', async () => {
    const token = await issueToken(database, { scope: 'operator', ...ADDRESSES });
    expect(await createTokenVerifier(database)(token)).toMatchObject({ tenantId: OPERATOR_SUBJECT, scope: 'operator' });
  });

  it('share one key pair, even if the first tokens are issued at the same time', async () => {
    const other = await temporaryDatabase();
    const fresh = new Database(other.url, { applicationName: 'credentials test' });
    await migrate(fresh);
    const tokens = await Promise.all([1, 2, 3, 4].map(() => issueToken(fresh, { tenantId: TENANT, ...ADDRESSES })));
    const verify = createTokenVerifier(fresh);
    await expect(Promise.all(tokens.map(verify))).resolves.toHaveLength(4);
    await fresh.close();
    await other.drop();
  });

  it('cannot be issued for a tenant that does not exist', async () => {
    const request = { tenantId: '11111111-1111-4111-8111-111111111111', ...ADDRESSES };
    await expect(issueToken(database, request)).rejects.toThrow('no tenant has the id');
  });

  it('are rejected after they have expired', async () => {
    const expired = await issueToken(database, { tenantId: TENANT, ...ADDRESSES, expiresInSeconds: -1 });
    await expect(createTokenVerifier(database)(expired)).rejects.toThrow('the token has expired');
  });

  it('are rejected if they are malformed or have a foreign signature, and the error does not repeat them', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256' })
      .setSubject(TENANT)
      .setExpirationTime('1h')
      .sign(privateKey);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${forged.split('.')[1]}.`;
    const verify = createTokenVerifier(database);
    for (const token of [forged, unsigned, 'secret', '']) {
      const error = await verify(token).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(InvalidTokenError);
      if (token) expect(String(error)).not.toContain(token);
    }
  });

  it('are not reported as invalid when the database is unreachable', async () => {
    const token = await issueToken(database, { tenantId: TENANT, ...ADDRESSES });
    const away = new Database('postgres://nobody:x@127.0.0.1:1/none', { applicationName: 'credentials test' });
    await expect(createTokenVerifier(away)(token)).rejects.not.toBeInstanceOf(InvalidTokenError);
    await away.close();
  });
});
