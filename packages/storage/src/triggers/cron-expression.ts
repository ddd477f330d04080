import { Cron } from 'croner';

/** An expression that names no times; the message says what to write instead. */
export class CronExpressionError extends Error {
  override readonly name = 'CronExpressionError';
}

const ADVICE =
  'write five fields "minute hour day-of-month month day-of-week" (such as "*/5 * * * *"), six with seconds first, or a name such as @daily; times are in UTC';
const NAMES = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/i;

/**
 * The first moment after `after` at which a cron fires, in UTC; null when there is none any more, as for 31 February.
 * Both services ask this one function, so that what the API accepts is what the engine's clock understands.
 *
 * @throws CronExpressionError when the expression is none.
 */
export function nextFireAt(expression: string, after: Date): Date | null {
  return parse(expression).nextRun(after);
}

function parse(expression: string): Cron {
  const text = expression.trim();
  // the parser also takes a date, and seven fields with a year
  if (!NAMES.test(text) && ![5, 6].includes(text.split(/\s+/).length)) throw refusal(expression);
  try {
    return new Cron(text, { timezone: 'UTC', paused: true });
  } catch {
    throw refusal(expression);
  }
}

function refusal(expression: string): CronExpressionError {
  return new CronExpressionError(`"${expression.slice(0, 100)}" is not a cron expression: ${ADVICE}`);
}
