import { ConfigurationError } from '@hatchet-ts/service';
import { expect, it } from 'vitest';
import { readConfiguration } from './configuration.ts';

const DATABASE_URL = 'postgres://user:secret@host/db';
const retention = (text: string) =>
  readConfiguration({ DATABASE_URL, SERVER_LIMITS_DEFAULT_TENANT_RETENTION_PERIOD: text }).retention;

it('Finished runs are kept for thirty days, as with Hatchet, unless the variable sets another duration', () => {
  expect(readConfiguration({ DATABASE_URL }).retention).toBe(30 * 86_400_000);
  expect(retention('48h30m')).toBe(48.5 * 3_600_000);
  expect(retention('8760h')).toBe(365 * 86_400_000);
});

it.each(['30', 'thirty days', '30d', '0h', '-1h'])('A retention period of "%s" is refused', (text) => {
  expect(() => retention(text)).toThrow(ConfigurationError);
  expect(() => retention(text)).toThrow(
    `SERVER_LIMITS_DEFAULT_TENANT_RETENTION_PERIOD=${text}: expected a duration with the units h, m, s and ms, for example 720h`,
  );
});

it('Every problem is reported at once, without the password', () => {
  const problem = () => readConfiguration({ DATABASE_URL: 'mysql://user:secret@host', SERVER_GRPC_PORT: '70000' });
  expect(problem).toThrow(/DATABASE_URL=\(hidden\): expected .*\nSERVER_GRPC_PORT=70000: expected a port/);
  expect(problem).not.toThrow(/secret/);
});
