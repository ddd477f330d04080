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
  advanceCrons,
  type DueCron,
  type DueSchedule,
  type DueSelection,
  type FiredSchedule,
  lockDueCrons,
  lockDueSchedules,
  nextFiringAt,
  saveFirings,
} from './firing.ts';
export {
  createSchedule,
  createSchedules,
  deleteSchedules,
  listSchedules,
  moveSchedules,
  type NewChildSchedule,
  type NewSchedule,
  type ScheduleFilter,
  type ScheduleView,
  viewSchedule,
} from './schedules.ts';
