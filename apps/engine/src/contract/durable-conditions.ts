import type {
  DurableEventListenerConditions,
  SleepMatchCondition,
  UserEventMatchCondition,
} from '@hatchet-dev/typescript-sdk/protoc/v1/shared/condition.js';
import type { RequestedCondition } from '../durable/entries.ts';
import { assertKey } from '../messages/limits.ts';
import { Refusal } from '../refusal.ts';
import { durationMs } from './fields.ts';
import { assertSupported, UNSUPPORTED_IN_WAITS } from './unsupported-features.ts';

/** Longest sleep, 100 years: practically forever, and a time that the database can hold. */
const LONGEST_SLEEP_MS = 100 * 365 * 86_400_000;

/** Reads the conditions of a wait. @throws Refusal for unsupported ones */
export function waitConditions(conditions: DurableEventListenerConditions | undefined): RequestedCondition[] {
  return [
    ...(conditions?.sleepConditions ?? []).map(sleepCondition),
    ...(conditions?.userEventConditions ?? []).map(eventCondition),
  ];
}

function sleepCondition({ base, sleepFor }: SleepMatchCondition, position: number): RequestedCondition {
  const ms = durationMs(sleepFor, LONGEST_SLEEP_MS);
  if (ms === undefined)
    throw new Refusal('invalid', `sleep: "${sleepFor}" is not a duration such as 30s, 1h30m or 500ms`);
  return {
    // A condition without a group is a group of its own.
    orGroup: base?.orGroupId || `sleep ${position}`,
    dataKey: base?.readableDataKey || `sleep-${sleepFor}`,
    sleep: { ms, text: sleepFor },
  };
}

function eventCondition(condition: UserEventMatchCondition, position: number): RequestedCondition {
  const { base, userEventKey: key, eventScope, considerEventsSince } = condition;
  if (key === '') throw new Refusal('invalid', 'a wait for an event must name its key');
  assertKey(key, 'the event key of a wait');
  assertSupported(UNSUPPORTED_IN_WAITS, condition, `wait for event ${key}`);
  return {
    orGroup: base?.orGroupId || `event ${position}`,
    dataKey: base?.readableDataKey || key,
    event: {
      key,
      ...(eventScope ? { scope: eventScope } : {}),
      ...(considerEventsSince ? { since: considerEventsSince } : {}),
    },
  };
}
