import { expect, test } from 'vitest';
import { captureDiag } from '../testing/telemetry.ts';
import { excludedSet, parseExcludedAttributes } from './excluded-attributes.ts';
import { settingsOf } from './settings.ts';

const { warn } = captureDiag();

test('a name is accepted with and without the prefix', () => {
  expect([...excludedSet(['payload', 'hatchet.scope'])]).toEqual(['payload', 'scope']);
});

test('an unknown name is reported once, with the nearest name', () => {
  excludedSet(['hatchet.worklow_name', 'payload']);
  excludedSet(['hatchet.worklow_name']);
  expect(warn.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining('did you mean "workflow_name"')]);
});

test('a name that every object has is unknown', () => {
  expect([...excludedSet(['constructor', 'hatchet.toString'])]).toEqual([]);
  expect(warn).toHaveBeenCalledTimes(2);
});

test('the variable is a comma-separated or a JSON list', () => {
  expect(parseExcludedAttributes(' payload, scope ,')).toEqual(['payload', 'scope']);
  expect(parseExcludedAttributes('["payload","scope"]')).toEqual(['payload', 'scope']);
  expect(parseExcludedAttributes(undefined)).toEqual([]);
  expect(parseExcludedAttributes('["payload"')).toEqual([]);
  expect(warn).toHaveBeenCalledOnce();
});

test('the lists of constructor, environment and client are merged', () => {
  const settings = settingsOf(
    { excludedAttributes: ['payload'] },
    { HATCHET_CLIENT_OPENTELEMETRY_EXCLUDED_ATTRIBUTES: 'scope' },
  );
  const client = { otel: { excludedAttributes: ['step_id'] } };
  expect([...settings.excludedFor(client)]).toEqual(['payload', 'scope', 'step_id']);
  expect(settings.excludedFor(client)).toBe(settings.excludedFor(client)); // computed once per client
  expect([...settings.excludedFor(undefined)]).toEqual(['payload', 'scope']);
});

test('the span name contains the task name if constructor, environment or client enable it', () => {
  const env = { HATCHET_CLIENT_OPENTELEMETRY_INCLUDE_TASK_NAME_IN_SPAN_NAME: ' True' };
  expect(settingsOf({}, {}).includeTaskName({ otel: {} })).toBe(false);
  expect(settingsOf({}, {}).includeTaskName({ otel: { includeTaskNameInSpanName: true } })).toBe(true);
  expect(settingsOf({}, env).includeTaskName(undefined)).toBe(true);
  expect(settingsOf({ includeTaskNameInSpanName: true }, {}).includeTaskName(undefined)).toBe(true);
});
