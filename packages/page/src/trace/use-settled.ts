import { useEffect, useState } from 'preact/hooks';

/** The last spans of a run come after its end. */
const AFTERMATH_MS = 60_000;

/** Whether the last spans of what has ended at a time (milliseconds since 1970) have had time to come. */
export function useSettled(end: number | undefined): boolean {
  const left = end === undefined ? Number.POSITIVE_INFINITY : end + AFTERMATH_MS - Date.now();
  const [, setPassed] = useState(0);
  useEffect(() => {
    if (left <= 0 || left === Number.POSITIVE_INFINITY) return;
    const clock = setTimeout(() => setPassed((n) => n + 1), left);
    return () => clearTimeout(clock);
  }, [end]);
  return left <= 0;
}
