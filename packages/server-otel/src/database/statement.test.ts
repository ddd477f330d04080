import { expect, it } from 'vitest';
import { querySpanName, readStatement } from './statement.ts';

it.each([
  ['SELECT 1', 'pg.query:SELECT db'],
  ['select\n  id', 'pg.query:SELECT db'],
  ['COMMIT;', 'pg.query:COMMIT db'],
  ['  (SELECT 1)', 'pg.query:SELECT db'],
  ['-- why\n/* how */ WITH a AS (SELECT 1) SELECT 1', 'pg.query:WITH db'],
  ["SELECT'ada@example.com'", 'pg.query:SELECT db'],
  ['', 'pg.query db'],
  ['/**/'.repeat(2_000), 'pg.query db'],
  [`a${'b'.repeat(100)}`, 'pg.query db'],
  [{ name: 'lock-runs', text: 'SELECT 1' }, 'pg.query:lock-runs db'],
  [{ name: 'lock-runs' }, 'pg.query:lock-runs db'],
  [{ cursor: { text: 'SELECT 1' } }, 'pg.query:SELECT db'],
])('the span of %j is %s', (query, name) => {
  expect(querySpanName(readStatement(query, undefined), 'db')).toBe(name);
});

it.each([
  ['SELECT $1', [1], true],
  ['SELECT 1', [], false],
  ['SELECT 1', undefined, false],
  [{ text: 'SELECT $1', values: [1] }, undefined, true],
  [{ text: 'SELECT $1', values: [1] }, () => {}, true],
  [{ text: 'SELECT 1', values: [1] }, [], false],
])('%j with %j has parameters: %s', (query, values, hasParameters) => {
  expect(readStatement(query, values).hasParameters).toBe(hasParameters);
});
