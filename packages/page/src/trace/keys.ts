import type { Move } from './selection.ts';

export type Command =
  | Move
  | 'toggle'
  | 'details'
  | 'slowest'
  | 'next-error'
  | 'previous-error'
  | 'zoom-in'
  | 'zoom-out'
  | 'zoom-selected'
  | 'zoom-whole'
  | 'earlier'
  | 'later'
  | 'fewer-levels'
  | 'more-levels'
  | 'engine'
  | 'path'
  | 'back';

/** Keys in a trace, as `?` lists them. */
export const TRACE_KEYS: { command: Command; keys: string[]; does: string }[] = [
  { command: 'down', keys: ['ArrowDown', 'j'], does: 'Next row' },
  { command: 'up', keys: ['ArrowUp', 'k'], does: 'Previous row' },
  { command: 'in', keys: ['ArrowRight', 'l'], does: 'Open the row, then go to its first child' },
  { command: 'out', keys: ['ArrowLeft', 'h'], does: 'Close the row, then go to its parent' },
  { command: 'toggle', keys: [' '], does: 'Open or close the row' },
  { command: 'details', keys: ['Enter'], does: 'Details of the row' },
  { command: 'back', keys: ['Escape'], does: 'Leave the details, close them, then reset the zoom' },
  { command: 'page-down', keys: ['PageDown'], does: 'One page down' },
  { command: 'page-up', keys: ['PageUp'], does: 'One page up' },
  { command: 'first', keys: ['Home'], does: 'First row' },
  { command: 'last', keys: ['End'], does: 'Last row' },
  { command: 'slowest', keys: ['s'], does: 'Slowest of the equal rows' },
  { command: 'next-error', keys: ['n'], does: 'Next error' },
  { command: 'previous-error', keys: ['N', 'p'], does: 'Previous error' },
  { command: 'fewer-levels', keys: [','], does: 'Close the deepest level' },
  { command: 'more-levels', keys: ['.'], does: 'Open one more level' },
  { command: 'zoom-in', keys: ['+', '='], does: 'Zoom in on the selected row' },
  { command: 'zoom-out', keys: ['-'], does: 'Zoom out' },
  { command: 'zoom-selected', keys: ['z'], does: 'Zoom to the selected row' },
  { command: 'zoom-whole', keys: ['0'], does: 'Show the whole trace' },
  { command: 'earlier', keys: ['['], does: 'Earlier' },
  { command: 'later', keys: [']'], does: 'Later' },
  { command: 'path', keys: ['c'], does: 'Critical path, on or off' },
  { command: 'engine', keys: ['e'], does: "The engine's spans, on or off" },
];

/** Keys on every page. */
export const PAGE_KEYS: { keys: string[]; does: string }[] = [
  { keys: ['/'], does: 'Search' },
  { keys: ['t'], does: 'Switch the theme: light, dark or system' },
  { keys: ['?'], does: 'This list' },
];

export function commandOf(key: string): Command | undefined {
  return TRACE_KEYS.find(({ keys }) => keys.includes(key))?.command;
}

/** Label of a key. */
export function keyLabel(key: string): string {
  return LABELS[key] ?? key;
}

const LABELS: Record<string, string> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowRight: '→',
  ArrowLeft: '←',
  ' ': 'Space',
  Escape: 'Esc',
  PageDown: 'Page down',
  PageUp: 'Page up',
};

/** True for a key event in a field or a dialog, which handle keys themselves. */
export function isTyping({ target }: Event): boolean {
  return (
    target instanceof HTMLElement && target.closest('input:not([type=checkbox]), textarea, select, dialog') !== null
  );
}
