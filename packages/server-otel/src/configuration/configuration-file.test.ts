import { expect, it } from 'vitest';
import { configDirectoryOf } from './configuration-file.ts';

it.each([
  [['--config', '/etc/hatchet'], '/etc/hatchet'],
  [['--port', '1', '--config=/etc/hatchet', 'x'], '/etc/hatchet'],
  [['--config'], undefined],
  [['--config='], undefined],
  [['-c', '/etc'], undefined],
  [[], undefined],
])('%j names the directory %s', (args, expected) => {
  expect(configDirectoryOf(args)).toBe(expected);
});
