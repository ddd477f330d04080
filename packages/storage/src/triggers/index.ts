export { CronExpressionError, nextFireAt } from './cron-expression.ts';
export {
  type CronFilter,
  type CronView,
  createCron,
  deleteCron,
  listCrons,
  type NewCron,
  setCronEnabled,
  viewCron,
} from './crons.ts';
export {
  createSchedule,
  deleteSchedules,
  listSchedules,
  moveSchedules,
  type NewSchedule,
  type ScheduleFilter,
  type ScheduleView,
  viewSchedule,
} from './schedules.ts';
