import { expect, test } from 'vitest';
import { SERVICE_SLOTS, serviceMarks } from './service-marks.ts';

test('a service has the same mark in every trace', () => {
  expect(serviceMarks(['engine']).get('engine')).toEqual(serviceMarks(['engine', 'engine']).get('engine'));
});

test('services of one trace have different colors until all are taken', () => {
  const names = Array.from({ length: SERVICE_SLOTS }, (_, i) => `service-${i}`);
  expect(new Set([...serviceMarks(names).values()].map(({ slot }) => slot)).size).toBe(SERVICE_SLOTS);
  expect(serviceMarks([...names, 'one-more']).get('one-more')!.slot).toBeLessThan(SERVICE_SLOTS);
});

test('initials come from two words, or from one', () => {
  const initials = (name: string): string => serviceMarks([name]).get(name)!.initials;
  expect(['order-worker', 'api', '注文 処理', '📦', ''].map(initials)).toEqual(['OW', 'AP', '注処', '?', '?']);
});
