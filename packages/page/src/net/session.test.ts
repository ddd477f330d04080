import { expect, test } from 'vitest';
import { sessionOf } from './session.ts';

const token = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';

test('a token says for which tenant it is', () => {
  expect(sessionOf(token({ sub: TENANT, aud: 'ÿ?>' }))?.tenantId).toBe(TENANT);
});

test('what is no token, or is for no tenant, is no session', () => {
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
