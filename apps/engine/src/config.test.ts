import { expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

const DATABASE_URL = 'postgres://user:secret@host/db';
const period = (text: string) => readConfig({ DATABASE_URL, SERVER_LIMITS_DEFAULT_TENANT_RETENTION_PERIOD: text });

it('Finished runs are kept for thirty days, as with Hatchet, unless a duration says otherwise', () => {
  expect(readConfig({ DATABASE_URL }).retention).toBe(30 * 86_400_000);
  expect(period('48h30m').retention).toBe(48.5 * 3_600_000);
  expect(period('8760h').retention).toBe(365 * 86_400_000);
});

it.each(['30', 'thirty days', '30d', '0h', '-1h'])('A retention period of "%s" is refused', (text) => {
  expect(() => period(text)).toThrow(ConfigError);
  expect(() => period(text)).toThrow(/SERVER_LIMITS_DEFAULT_TENANT_RETENTION_PERIOD must be a duration such as 720h/);
});

it('Everything that is wrong is told at once, without the password', () => {
  const problem = () => readConfig({ DATABASE_URL: 'mysql://user:secret@host', SERVER_GRPC_PORT: '70000' });
  expect(problem).toThrow(/DATABASE_URL must look like .*; SERVER_GRPC_PORT must be a port/);
  expect(problem).not.toThrow(/secret/);
});
