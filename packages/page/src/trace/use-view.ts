import { useCallback } from 'preact/hooks';
import { type Subject, type TraceView, traceAddress } from '../route/address.ts';
import { navigate } from '../route/navigation.tsx';

/** Changes what is seen of a trace. The address holds it: whoever gets that, sees the same. */
export function useChangeView(subject: Subject, view: TraceView): (part: Partial<TraceView>) => void {
  return useCallback(
    (part) => navigate(traceAddress(subject, { ...view, ...part }), { replace: true }),
    [subject.by, subject.id, view],
  );
}
