import { expect, test } from 'vitest';
import { sessionOf } from './session.ts';

const token = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';

test('reads the tenant from a token', () => {
  expect(sessionOf(token({ sub: TENANT, aud: 'ÿ?>' }))?.tenantId).toBe(TENANT);
});

test('rejects text that is not a token, and tokens without a tenant', () => {
  for (const text of [
    '',
    'abc',
    'a.b.c',
    token({}),
    token({ sub: '../../elsewhere' }),
    `${token({ sub: TENANT })} x`,
  ]) {
    expect(sessionOf(text), text).toBeUndefined();
  }
});
