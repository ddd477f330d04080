import type { EpochMs } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { singleLoop } from './single-loop.ts';

/** An alarm clock for timers that are rows: what is kept here is only when to look next. */
export interface Alarm {
  /** A timer was set, and is committed. */
  noted(dueAt: EpochMs): void;
  /** Looks now, and from then on when something is due. */
  start(): void;
  stop(): Promise<void>;
}

/**
 * @param look sees to what is due; resolves to when the next timer is, or null where there is none.
 * @param longest the longest time between two looks, in milliseconds.
 */
export function createAlarm(
  look: () => Promise<EpochMs | null>,
  longest: number,
  onError: (error: unknown) => void,
): Alarm {
  let alarm: NodeJS.Timeout | undefined;
  let alarmAt = Number.POSITIVE_INFINITY;

  const loop = singleLoop(async () => {
    alarmAt = Number.POSITIVE_INFINITY;
    set(now() + longest);
    const next = await look();
    if (next !== null) set(next);
  }, onError);

  function set(at: EpochMs): void {
    if (at >= alarmAt) return;
    alarmAt = at;
    clearTimeout(alarm);
    alarm = setTimeout(loop.wake, Math.max(0, Math.ceil(at - now())));
  }

  return {
    noted: set,
    start: loop.wake,
    async stop() {
      await loop.stop();
      clearTimeout(alarm);
    },
  };
}
