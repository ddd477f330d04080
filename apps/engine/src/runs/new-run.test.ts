import { expect, test } from 'vitest';
import { batchKey } from './new-run.ts';

test.each([
  [undefined, '{"a":1}', ''],
  [['a'], '{"a":"x"}', 'x'],
  [['a'], '{"a":1}', '1'],
  [['a', 'b'], '{"a":{"b":[1]}}', '[1]'],
  [['a', 'b'], '{"a":"text"}', ''],
  [['a'], '{}', ''],
  [['a'], 'null', ''],
])('the batch key by %j of %s is "%s"', (groupBy, input, key) => {
  expect(batchKey({ maxSize: 1, ...(groupBy ? { groupBy } : {}) }, input)).toBe(key);
});
