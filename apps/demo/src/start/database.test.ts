import { expect, it } from 'vitest';
import { prepareDatabase } from './database.ts';

const ADDRESSES = { serverUrl: 'http://127.0.0.1:8080', grpcAddress: '127.0.0.1:7070' };

it('a database that cannot be reached is told in one line, without its password', async () => {
  const error = await prepareDatabase('postgres://shop:secret@127.0.0.1:1/shop', ADDRESSES).catch((error) => error);
  expect(error.message).toBe('the database 127.0.0.1:1/shop cannot be used: connect ECONNREFUSED 127.0.0.1:1');
});

it('something that is no URL is told too', async () => {
  await expect(prepareDatabase('secret', ADDRESSES)).rejects.toThrow(
    'the database of DATABASE_URL cannot be used: the database URL must look like postgres://user:password@host:5432/name',
  );
});
