/** The waits of the engine, in milliseconds; tests shorten them. */
export interface Timing {
  /** A worker that was not heard of for so long has lost its tasks; Hatchet's own rule. */
  heartbeat: number;
  /** How long a worker may take to report that an attempt started. */
  start: number;
  /** The same after its stream broke: its report is tried for 13 s. */
  restart: number;
  /** Between two looks at the workers' heartbeats. */
  heartbeatCheck: number;
  /** The longest time between two looks at the timers. */
  timerCheck: number;
  /** How far back the firings of crons are made up for that came due while no engine ran. */
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
