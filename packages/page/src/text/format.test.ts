import { expect, test } from 'vitest';
import { axisTime, dayTime, milliseconds, plural } from './format.ts';

test('formats durations like the waterfall', () => {
  expect([0.4, 12, 1420, -5].map(milliseconds)).toEqual(['400 µs', '12 ms', '1.42 s', '0 µs']);
});

test('formats axis times as exactly as the step', () => {
  expect([0, 200e6, 400e6].map((at) => axisTime(at, 200e6))).toEqual(['0', '200 ms', '400 ms']);
  expect(axisTime(1.2e9, 200e6)).toBe('1.2 s');
  expect(axisTime(2e9, 1e9)).toBe('2 s');
  expect(axisTime(150e3, 50e3)).toBe('150 µs');
  expect(axisTime(90e9, 30e9)).toBe('1:30');
  expect(axisTime(3661e9, 1e9)).toBe('1:01:01');
});

test('adds the date for another day', () => {
  const now = new Date(2026, 10, 21, 12);
  expect(dayTime(new Date(2026, 10, 21, 9, 5), now)).not.toContain('21');
  expect(dayTime(new Date(2026, 10, 20, 9, 5), now)).toContain('20');
  expect(dayTime(new Date(2025, 10, 20, 9, 5), now)).toContain('2025');
});

test('formats counts with singular and plural', () => {
  expect([plural(1, 'span'), plural(10_000, 'span'), plural(0, 'query', 'queries')]).toEqual([
    '1 span',
    '10,000 spans',
    '0 queries',
  ]);
});
