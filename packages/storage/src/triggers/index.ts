export { CronExpressionError, nextFireAt } from './cron-expression.ts';
