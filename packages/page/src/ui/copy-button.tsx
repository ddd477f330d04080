import { useState } from 'preact/hooks';

/** Button that copies a text, and shows the result. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [state, setState] = useState<'' | 'copied' | 'failed'>('');
  const copy = async (): Promise<void> => {
    const done = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    setState(done ? 'copied' : 'failed');
    setTimeout(() => setState(''), 1500);
  };
  return (
    <button type="button" class={`copy ${state}`} onClick={copy} aria-label={`Copy ${what}`} title={`Copy ${what}`}>
      <span aria-live="polite">{state === 'copied' ? 'copied' : state === 'failed' ? 'failed' : 'copy'}</span>
    </button>
  );
}
