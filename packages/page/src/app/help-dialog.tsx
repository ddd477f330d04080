import { useEffect, useRef } from 'preact/hooks';
import { keyLabel, PAGE_KEYS, TRACE_KEYS } from '../trace/keys.ts';

/** List of the keys. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="help" ref={dialog} onClose={onClose} aria-labelledby="help-title">
      <div class="help-head">
        <h2 id="help-title">Keys</h2>
        <form method="dialog">
          <button type="submit" class="icon" aria-label="Close">
            ✕
          </button>
        </form>
      </div>
      <div class="help-columns">
        <KeyList title="In a trace" keys={TRACE_KEYS} />
        <KeyList title="Everywhere" keys={PAGE_KEYS} />
      </div>
    </dialog>
  );
}

function KeyList({ title, keys }: { title: string; keys: { keys: string[]; does: string }[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {keys.map(({ keys: names, does }) => (
          <div key={does}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{keyLabel(name)}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
