import type { Move } from './selection.ts';

export type Command =
  | Move
  | 'toggle'
  | 'details'
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

/** What the keys do, as `?` lists them. */
export const TRACE_KEYS: { command: Command; keys: string[]; does: string }[] = [
  { command: 'down', keys: ['ArrowDown', 'j'], does: 'Next row' },
  { command: 'up', keys: ['ArrowUp', 'k'], does: 'Row before' },
  { command: 'in', keys: ['ArrowRight', 'l'], does: 'Open the row, then its first one' },
  { command: 'out', keys: ['ArrowLeft', 'h'], does: 'Close the row, then its parent' },
  { command: 'toggle', keys: [' '], does: 'Open or close the row' },
  { command: 'details', keys: ['Enter'], does: 'Details of the row' },
  { command: 'back', keys: ['Escape'], does: 'Back from the details, then to the whole time' },
  { command: 'page-down', keys: ['PageDown'], does: 'A page on' },
  { command: 'page-up', keys: ['PageUp'], does: 'A page back' },
  { command: 'first', keys: ['Home'], does: 'First row' },
  { command: 'last', keys: ['End'], does: 'Last row' },
  { command: 'next-error', keys: ['n'], does: 'Next error' },
  { command: 'previous-error', keys: ['N', 'p'], does: 'Error before' },
  { command: 'fewer-levels', keys: [','], does: 'Close the deepest level' },
  { command: 'more-levels', keys: ['.'], does: 'Open one level more' },
  { command: 'zoom-in', keys: ['+', '='], does: 'Zoom in on the selected row' },
  { command: 'zoom-out', keys: ['-'], does: 'Zoom out' },
  { command: 'zoom-selected', keys: ['z'], does: 'Zoom to the selected row' },
  { command: 'zoom-whole', keys: ['0'], does: 'The whole time' },
  { command: 'earlier', keys: ['['], does: 'Earlier' },
  { command: 'later', keys: [']'], does: 'Later' },
  { command: 'path', keys: ['c'], does: 'Critical path, on or off' },
  { command: 'engine', keys: ['e'], does: "The engine's spans, on or off" },
];

/** What the keys do on every page. */
export const PAGE_KEYS: { keys: string[]; does: string }[] = [
  { keys: ['/'], does: 'Search' },
  { keys: ['t'], does: 'Light, dark, or as the system' },
  { keys: ['?'], does: 'This list' },
];

export function commandOf(key: string): Command | undefined {
  return TRACE_KEYS.find(({ keys }) => keys.includes(key))?.command;
}

/** As it stands on a keyboard. */
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
