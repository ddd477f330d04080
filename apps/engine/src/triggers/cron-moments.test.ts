import { expect, test } from 'vitest';
import { cronMoments } from './cron-moments.ts';

const at = (time: string) => Date.parse(`2026-01-01T${time}Z`);
const HOUR = 3_600_000;
const times = ({ moments, next }: ReturnType<typeof cronMoments>) =>
  [...moments, next ?? Number.NaN].map((moment) => new Date(moment).toISOString().slice(11, 19));

test('a cron that is on time fires once, and again a period later', () => {
  expect(times(cronMoments('*/5 * * * *', at('12:00:00'), at('12:00:00.004'), HOUR))).toEqual(['12:00:00', '12:05:00']);
});

test('missed firings are made up for, each for its own moment', () => {
  expect(times(cronMoments('*/5 * * * *', at('12:00:00'), at('12:11:00'), HOUR))).toEqual([
    '12:00:00',
    '12:05:00',
    '12:10:00',
    '12:15:00',
  ]);
});

test('of missed firings beyond the limit only the first is made up for', () => {
  expect(times(cronMoments('*/20 * * * *', at('06:00:00'), at('12:10:00'), HOUR))).toEqual([
    '06:00:00',
    '11:20:00',
    '11:40:00',
    '12:00:00',
    '12:20:00',
  ]);
});

test('a pass fires a limited number, and the next pass the rest', () => {
  const { moments, next } = cronMoments('* * * * * *', at('12:00:00'), at('12:10:00'), HOUR);
  expect(moments).toHaveLength(100);
  expect(next).toBe(at('12:01:40'));
});
