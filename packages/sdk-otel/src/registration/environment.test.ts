import { DiagLogLevel, diag } from '@opentelemetry/api';
import { beforeEach, expect, test, vi } from 'vitest';
import { OPTION_VARIABLES, optionsFromEnvironment, PREFIX } from './environment.ts';

const warn = vi.fn();
beforeEach(() => {
  warn.mockClear();
  diag.setLogger({ error: vi.fn(), warn, info: vi.fn(), debug: vi.fn(), verbose: vi.fn() }, DiagLogLevel.WARN);
});

test('each variable sets the option that it is named after', () => {
  const values = { boolean: 'true', integer: '7', relation: 'link' };
  const env = Object.fromEntries(OPTION_VARIABLES.map(({ name, type }) => [PREFIX + name, values[type]]));
  expect(optionsFromEnvironment(env)).toEqual({
    capture: { payload: true, metadata: true, maxBytes: 7 },
    relation: 'link',
    maxItemSpans: 7,
    propagateUnsampled: true,
    propagateBaggage: true,
  });
});

test('what is not set, or empty, is left to the default', () => {
  expect(optionsFromEnvironment({ [`${PREFIX}RELATION`]: ' ' })).toEqual({});
});

test.each([
  ['CAPTURE_PAYLOAD', 'yes', 'true or false'],
  ['MAX_ITEM_SPANS', '-1', 'a whole number, 0 or more'],
  ['RELATION', 'child', 'auto, parent or link'],
])('%s=%s is said to be wrong, and ignored', (name, value, allowed) => {
  expect(optionsFromEnvironment({ [PREFIX + name]: value })).toEqual({});
  expect(warn).toHaveBeenCalledWith(`@hatchet-ts/sdk-otel: ${PREFIX}${name} is "${value}"; write ${allowed}`);
});
