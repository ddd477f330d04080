import { useEffect, useState } from 'preact/hooks';

/** The present, every second while something lasts. */
export function useNow(lasting: boolean, everyMs = 1000): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    setNow(new Date());
    if (!lasting) return;
    const clock = setInterval(() => setNow(new Date()), everyMs);
    return () => clearInterval(clock);
  }, [lasting, everyMs]);
  return now;
}
