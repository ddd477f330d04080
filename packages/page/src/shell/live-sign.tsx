import type { StreamState } from '../net/stream.ts';

const WORDS: Record<StreamState, string> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost, trying again',
  none: '',
};

/** Whether what is shown follows what happens. */
export function LiveSign({ state }: { state: StreamState }) {
  return (
    <span class={`stream ${state}`} role="status">
      {WORDS[state]}
    </span>
  );
}
