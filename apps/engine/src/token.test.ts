import { fileURLToPath } from 'node:url';
import { Database } from '@hatchet-ts/storage';
import { createTokenVerifier } from '@hatchet-ts/storage/credentials';
import { type TemporaryDatabase, temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { runProcess } from '@hatchet-ts/trace-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const TENANT = '707d0855-80ab-4e1f-a156-f1c4546cbf52';
const SCRIPT = fileURLToPath(new URL('./token.ts', import.meta.url));

describe('the token command', () => {
  let temporary: TemporaryDatabase;

  beforeAll(async () => {
    temporary = await temporaryDatabase();
  });

  afterAll(() => temporary.drop());

  function run(args: string[], DATABASE_URL = temporary.url) {
    return runProcess('node', [SCRIPT, ...args], { env: { DATABASE_URL } });
  }

  it('prints a token of a tenant, or of the operator, and nothing else', async () => {
    const tenant = await run(['--tenant', TENANT]);
    const operator = await run(['--operator', '--expires-in', '60']);
    expect([tenant, operator]).toMatchObject([
      { code: 0, stdout: expect.stringMatching(/^ey\S+\n$/) },
      { code: 0, stderr: '' },
    ]);
    const db = new Database(temporary.url, { applicationName: 'token test' });
    const verify = createTokenVerifier(db);
    expect(await verify(tenant.stdout.trim())).toMatchObject({ tenantId: TENANT, scope: 'tenant' });
    expect(await verify(operator.stdout.trim())).toMatchObject({ scope: 'operator' });
    await db.close();
  });

  it.each([
    [[]],
    [['--tenant']],
    [['--tenant', TENANT, '--operator']],
    [['--operator', '--expires-in', 'soon']],
    [['--x']],
  ])('prints its usage and exits with 2 for %j', async (args) => {
    expect(await run(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('usage: token.ts') });
  });

  it('exits with 1 and one line if it cannot issue a token', async () => {
    const unknown = await run(['--tenant', '11111111-1111-4111-8111-111111111111']);
    expect(unknown).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^no tenant has the id .*\n$/),
    });
    const away = await run(['--operator'], 'postgres://user:secret@127.0.0.1:1/none');
    expect(away).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^.*ECONNREFUSED.*\n$/) });
  });
});
