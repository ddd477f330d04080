import { isWhole } from '@hatchet-ts/waterfall/browser';
import type { TraceView } from '../route/address.ts';
import { plural } from '../text/format.ts';
import type { Command } from './keys.ts';

interface ToolbarProps {
  view: TraceView;
  /** Number of rows with an error. */
  errors: number;
  command: (command: Command) => void;
}

/** Buttons for the most frequent commands. */
export function Toolbar({ view, errors, command }: ToolbarProps) {
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
        {button('more-levels', 'Open one more level (.)', '⊞')}
      </span>
      <span class="group">
        {button('zoom-out', 'Zoom out (-)', '−', isWhole(view.zoom))}
        {button('zoom-in', 'Zoom in (+)', '+')}
        <button
          type="button"
          class="plain"
          disabled={isWhole(view.zoom)}
          onClick={() => command('zoom-whole')}
          title="Show the whole trace (0)"
        >
          Whole
        </button>
      </span>
      <Switch
        on={view.path}
        name="Critical path"
        title="The path that decided when the trace ended (c)"
        command={() => command('path')}
      />
      <Switch
        on={view.engine}
        name="Engine spans"
        title="Rows for the engine's own work (e)"
        command={() => command('engine')}
      />
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

function Switch({ on, name, title, command }: { on: boolean; name: string; title: string; command: () => void }) {
  return (
    <label class="switch" title={title}>
      <input type="checkbox" role="switch" aria-checked={on} checked={on} onChange={command} />
      {name}
    </label>
  );
}
