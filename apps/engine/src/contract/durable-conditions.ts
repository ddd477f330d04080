import type {
  DurableEventListenerConditions,
  SleepMatchCondition,
  UserEventMatchCondition,
} from '@hatchet-dev/typescript-sdk/protoc/v1/shared/condition.js';
import type { AskedCondition } from '../durable/questions.ts';
import { Refusal } from '../refusal.ts';
import { parseDuration } from '../runs/duration.ts';
import { LEFT_OUT_OF_WAITS, refuseLeftOut } from './left-out.ts';

/** 100 years: as good as for ever, and a time that the database can hold. */
const LONGEST_SLEEP_MS = 100 * 365 * 86_400_000;

/** @throws Refusal for a condition that this engine cannot judge. */
export function waitConditions(conditions: DurableEventListenerConditions | undefined): AskedCondition[] {
  return [
    ...(conditions?.sleepConditions ?? []).map(sleepCondition),
    ...(conditions?.userEventConditions ?? []).map(eventCondition),
  ];
}

function sleepCondition({ base, sleepFor }: SleepMatchCondition, position: number): AskedCondition {
  const ms = parseDuration(sleepFor, LONGEST_SLEEP_MS);
  if (ms === undefined) throw new Refusal('invalid', `sleep: "${sleepFor}" is no duration such as 30s, 1h30m or 500ms`);
  return {
    // Without a group it stands alone.
    orGroup: base?.orGroupId || `sleep ${position}`,
    dataKey: base?.readableDataKey || `sleep-${sleepFor}`,
    sleep: { ms, text: sleepFor },
  };
}

function eventCondition(condition: UserEventMatchCondition, position: number): AskedCondition {
  const { base, userEventKey: key, eventScope, considerEventsSince } = condition;
  if (key === '') throw new Refusal('invalid', 'a wait for an event must name its key');
  refuseLeftOut(LEFT_OUT_OF_WAITS, condition, `wait for event ${key}`);
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
