import { Cron } from 'croner';

/** The expression is not a cron expression. The message shows valid ones. */
export class CronExpressionError extends Error {
  override readonly name = 'CronExpressionError';
}

const ADVICE =
  'write five fields "minute hour day-of-month month day-of-week" (such as "*/5 * * * *"), six with seconds first, or a name such as @daily; times are in UTC';
const NAMES = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/i;

/**
 * Computes the first moment after `after` at which a cron fires, in UTC. Null if it never fires again, as for 31
 * February. API and engine both call this function, so that the engine can run every expression that the API accepts.
 *
 * @throws CronExpressionError
 */
export function nextFireAt(expression: string, after: Date): Date | null {
  return parse(expression).nextRun(after);
}

function parse(expression: string): Cron {
  const text = expression.trim();
  // croner also accepts a date, and a seventh field for the year
  if (!NAMES.test(text) && ![5, 6].includes(text.split(/\s+/).length)) throw syntaxError(expression);
  try {
    return new Cron(text, { timezone: 'UTC', paused: true });
  } catch {
    throw syntaxError(expression);
  }
}

function syntaxError(expression: string): CronExpressionError {
  return new CronExpressionError(`"${expression.slice(0, 100)}" is not a cron expression: ${ADVICE}`);
}
