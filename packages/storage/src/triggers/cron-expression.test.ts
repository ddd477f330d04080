import { describe, expect, it } from 'vitest';
import { CronExpressionError, nextFireAt } from './cron-expression.ts';

const NOON = new Date('2026-02-27T12:00:00Z');

describe('a cron expression', () => {
  it.each([
    ['* * * * *', '2026-02-27T12:01:00.000Z'],
    ['*/5 * * * *', '2026-02-27T12:05:00.000Z'],
    ['*/10 * * * * *', '2026-02-27T12:00:10.000Z'],
    ['0 9 * * MON-FRI', '2026-03-02T09:00:00.000Z'],
    ['0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
    // day of month or day of week, as in cron
    ['0 0 13 * 5', '2026-03-06T00:00:00.000Z'],
    ['30 2 29 3 *', '2026-03-29T02:30:00.000Z'],
    ['@daily', '2026-02-28T00:00:00.000Z'],
    [' 0 0 1 1 * ', '2027-01-01T00:00:00.000Z'],
  ])('%s fires next at %s, in UTC', (expression, next) => {
    expect(nextFireAt(expression, NOON)?.toISOString()).toBe(next);
  });

  it('fires strictly after the given moment', () => {
    expect(nextFireAt('0 12 * * *', NOON)?.toISOString()).toBe('2026-02-28T12:00:00.000Z');
  });

  it('may never fire', () => {
    expect(nextFireAt('0 0 31 2 *', NOON)).toBeNull();
  });

  it.each([
    '',
    'every day',
    '* * * *',
    '61 * * * *',
    '0 0 0 1 1 * 2030',
    '2030-01-01T00:00:00Z',
    '@every 5m',
    '@reboot',
  ])('is rejected if it is "%s", with valid examples in the error', (expression) => {
    expect(() => nextFireAt(expression, NOON)).toThrow(CronExpressionError);
    expect(() => nextFireAt(expression, NOON)).toThrow(/write five fields/);
  });
});
