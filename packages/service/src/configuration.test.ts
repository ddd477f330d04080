import { expect, it } from 'vitest';
import { z } from 'zod';
import { COMMON_VARIABLES, ConfigurationError, portVariable, readVariables } from './configuration.ts';

const SCHEMA = z.object({ ...COMMON_VARIABLES, SERVER_PORT: portVariable(8080) });
const DATABASE_URL = 'postgres://user:secret@host/db';
const read = (environment: Record<string, string>) => () => readVariables(SCHEMA, environment);

it('An unset or empty variable has its standard value', () => {
  const values = { DATABASE_URL, SERVER_LOGGER_LEVEL: 'info', SERVER_PORT: 8080 };
  expect(read({ DATABASE_URL })()).toEqual(values);
  expect(read({ DATABASE_URL, SERVER_PORT: '', SERVER_LOGGER_LEVEL: '' })()).toEqual(values);
});

it('Every problem is reported at once, one line each, without the database password', () => {
  const problem = read({
    DATABASE_URL: 'mysql://user:secret@host',
    SERVER_PORT: '70000',
    SERVER_LOGGER_LEVEL: 'verbose',
  });
  expect(problem).toThrow(ConfigurationError);
  expect(problem).toThrow(
    /^DATABASE_URL=\(hidden\): expected the URL of .*\nSERVER_LOGGER_LEVEL=verbose: expected one of .*\nSERVER_PORT=70000: expected a port .*8080.*$/,
  );
});

it('A required variable that is missing is reported with an example', () => {
  expect(read({})).toThrow(
    'DATABASE_URL is not set: expected the URL of a PostgreSQL database, for example postgres://',
  );
});

it.each(['-1', '65536', '1.5', '0x10', 'many'])('A port of "%s" is refused', (port) => {
  expect(read({ DATABASE_URL, SERVER_PORT: port })).toThrow(`SERVER_PORT=${port}: expected a port from 0 to 65535`);
});
