/** Waits of the engine, in milliseconds; tests shorten them. */
export interface Timing {
  /** After this time without a heartbeat a worker is lost and its tasks are reassigned; Hatchet's own rule. */
  heartbeat: number;
  /** Time that a worker has to report the start of an attempt. */
  start: number;
  /** The same after its stream broke: workers retry the report for 13 s. */
  restart: number;
  /** Pause between two checks of the heartbeats. */
  heartbeatCheck: number;
  /** Longest pause between two polls of the timers. */
  timerCheck: number;
  /** Cron firings that were due while no engine ran are made up for this far back. */
  catchUp: number;
}

export const TIMING: Timing = {
  heartbeat: 30_000,
  start: 30_000,
  restart: 15_000,
  heartbeatCheck: 1_000,
  timerCheck: 10_000,
  catchUp: 3_600_000,
};
