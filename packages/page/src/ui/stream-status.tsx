import type { StreamState } from '../net/event-stream.ts';

const WORDS: Record<StreamState, string> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost, retrying',
  none: '',
};

/** State of the connection that keeps the page up to date. */
export function StreamStatus({ state }: { state: StreamState }) {
  return (
    <span class={`stream ${state}`} role="status">
      {WORDS[state]}
    </span>
  );
}
