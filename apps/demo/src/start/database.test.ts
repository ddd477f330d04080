import { expect, it } from 'vitest';
import { prepareDatabase } from './database.ts';

const ADDRESSES = { serverUrl: 'http://127.0.0.1:8080', grpcAddress: '127.0.0.1:7070' };

it('an unreachable database is an error of one line, without its password', async () => {
  const error = await prepareDatabase('postgres://shop:secret@127.0.0.1:1/shop', ADDRESSES).catch((error) => error);
  expect(error.message).toBe('cannot use the database 127.0.0.1:1/shop: connect ECONNREFUSED 127.0.0.1:1');
});

it('a malformed URL is an error that does not quote it', async () => {
  await expect(prepareDatabase('secret', ADDRESSES)).rejects.toThrow(
    'cannot use the database of DATABASE_URL: the database URL must look like postgres://user:password@host:5432/name',
  );
});
