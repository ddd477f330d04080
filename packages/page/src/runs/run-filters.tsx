import { useEffect, useState } from 'preact/hooks';
import { type Filters, NO_FILTERS, runsAddress } from '../route/address.ts';
import { navigate } from '../route/navigation.tsx';
import { visibleText } from '../text/visible-text.ts';
import { STATUSES } from './run.ts';

const TYPING_MS = 250;

/** Filters of the list, which are kept in the address. */
export function RunFilters({ filters, workflows }: { filters: Filters; workflows: string[] }) {
  const change = (part: Partial<Filters>): void => navigate(runsAddress({ ...filters, ...part }), { replace: true });
  const names =
    filters.workflow && !workflows.includes(filters.workflow) ? [filters.workflow, ...workflows] : workflows;
  return (
    <form class="filters" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
      <label>
        Status
        <select value={filters.status} onChange={(event) => change({ status: event.currentTarget.value })}>
          <option value="">any</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {status.toLowerCase()}
            </option>
          ))}
        </select>
      </label>
      <label>
        Workflow
        <select value={filters.workflow} onChange={(event) => change({ workflow: event.currentTarget.value })}>
          <option value="">any</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {visibleText(name)}
            </option>
          ))}
        </select>
      </label>
      <TextFilter text={filters.text} onText={(text) => change({ text })} />
      <label class="check">
        <input
          type="checkbox"
          checked={filters.children}
          onChange={(event) => change({ children: event.currentTarget.checked })}
        />
        Include child runs
      </label>
      {runsAddress(filters) !== runsAddress(NO_FILTERS) && (
        <button type="button" class="plain" onClick={() => navigate(runsAddress(), { replace: true })}>
          Clear
        </button>
      )}
    </form>
  );
}

/** Text filter, applied when the user pauses typing. */
function TextFilter({ text, onText }: { text: string; onText: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return;
    const pause = setTimeout(() => onText(typed), TYPING_MS);
    return () => clearTimeout(pause);
  }, [typed]);
  return (
    <label class="grow">
      Text
      <input
        type="search"
        placeholder="Name, id, or metadata"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </label>
  );
}
