import type { Outcome } from './run.ts';

const WORDS: Record<Outcome, [sign: string, word: string]> = {
  completed: ['✓', 'Completed'],
  failed: ['✕', 'Failed'],
  cancelled: ['⊘', 'Cancelled'],
  timed_out: ['⏱', 'Timed out'],
  not_scheduled: ['⊘', 'No worker'],
  running: ['▸', 'Running'],
  queued: ['◦', 'Queued'],
};

/** Outcome of a run as color, sign and word. */
export function OutcomeBadge({ outcome }: { outcome: Outcome }) {
  const [sign, word] = WORDS[outcome];
  return (
    <span class={`outcome ${outcome}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}
