import { durationText } from '@hatchet-ts/waterfall/browser';

/** Formats a duration in milliseconds like the waterfall does: `412 µs`, `1.42 s`, `2 min 5 s`. */
export function milliseconds(ms: number): string {
  return durationText(BigInt(Math.round(Math.max(0, ms) * 1e6)));
}

/** Formats a time since the start of the trace for its axis, as exact as the step between the ticks. */
export function axisTime(nanoseconds: number, step: number): string {
  if (nanoseconds === 0) return '0';
  const [unit, size] = UNITS.find(([, each]) => nanoseconds >= each) ?? UNITS.at(-1)!;
  const decimals = Math.min(3, Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9)));
  if (unit === 'min' || unit === 'h') return clock(nanoseconds);
  return `${(nanoseconds / size).toFixed(decimals)} ${unit}`;
}

/** Formats a time of day, with the date unless it is today. */
export function dayTime(time: Date, now: Date): string {
  const clockText = time.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  if (time.toDateString() === now.toDateString()) return clockText;
  const year = time.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return `${time.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year })}, ${clockText}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

const UNITS: [unit: string, nanoseconds: number][] = [
  ['h', 3600e9],
  ['min', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
];

function clock(nanoseconds: number): string {
  const seconds = Math.round(nanoseconds / 1e9);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
