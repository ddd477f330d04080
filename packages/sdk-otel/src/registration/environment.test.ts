import { expect, test } from 'vitest';
import { captureDiag } from '../testing/telemetry.ts';
import { OPTION_VARIABLES, optionsFromEnvironment, PREFIX } from './environment.ts';

const { warn } = captureDiag();

test('each variable sets its option', () => {
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

test('an unset or empty variable leaves the default', () => {
  expect(optionsFromEnvironment({ [`${PREFIX}RELATION`]: ' ' })).toEqual({});
});

test.each([
  ['CAPTURE_PAYLOAD', 'yes', 'true or false'],
  ['CAPTURE_PAYLOAD', 'constructor', 'true or false'],
  ['MAX_ITEM_SPANS', '-1', 'a whole number of at least 0'],
  ['RELATION', 'child', 'auto, parent or link'],
])('%s=%s is reported and ignored', (name, value, allowed) => {
  expect(optionsFromEnvironment({ [PREFIX + name]: value })).toEqual({});
  expect(warn).toHaveBeenCalledWith(
    `@hatchet-ts/sdk-otel: ${PREFIX}${name} is "${value}", which is invalid; it is ignored; expected ${allowed}`,
  );
});
