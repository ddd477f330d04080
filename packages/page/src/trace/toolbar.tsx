import { isWhole } from '@hatchet-ts/waterfall/browser';
import type { TraceView } from '../route/address.ts';
import { plural } from '../text/format.ts';
import type { Command } from './keys.ts';

interface ToolbarProps {
  view: TraceView;
  /** How many rows have one. */
  errors: number;
  command: (command: Command) => void;
  change: (part: Partial<TraceView>) => void;
}

/** What keys do, for those who point. */
export function Toolbar({ view, errors, command, change }: ToolbarProps) {
  const button = (name: Command, label: string, sign: string, disabled = false) => (
    <button
      type="button"
      class="icon"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={() => command(name)}
    >
      {sign}
    </button>
  );
  return (
    <div class="toolbar" role="toolbar" aria-label="View">
      <span class="group">
        {button('fewer-levels', 'Close the deepest level (,)', '⊟')}
        {button('more-levels', 'Open one level more (.)', '⊞')}
      </span>
      <span class="group">
        {button('zoom-out', 'Zoom out (-)', '−', isWhole(view.zoom))}
        {button('zoom-in', 'Zoom in (+)', '+')}
        <button
          type="button"
          class="plain"
          disabled={isWhole(view.zoom)}
          onClick={() => command('zoom-whole')}
          title="The whole time (0)"
        >
          Whole
        </button>
      </span>
      <label class="switch" title="The path that decided when it ended (c)">
        <input
          type="checkbox"
          role="switch"
          aria-checked={view.path}
          checked={view.path}
          onChange={() => change({ path: !view.path })}
        />
        Critical path
      </label>
      <label class="switch" title="Rows for what the engine did (e)">
        <input
          type="checkbox"
          role="switch"
          aria-checked={view.engine}
          checked={view.engine}
          onChange={() => change({ engine: !view.engine })}
        />
        Engine spans
      </label>
      {errors > 0 && (
        <button type="button" class="errors" onClick={() => command('next-error')} title="Next error (n)">
          <span aria-hidden="true">✕</span> {plural(errors, 'error')}
          <span class="next" aria-hidden="true">
            next
          </span>
        </button>
      )}
    </div>
  );
}
