import { useEffect, useState } from 'preact/hooks';

/** Current time, updated while `lasting`. */
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
