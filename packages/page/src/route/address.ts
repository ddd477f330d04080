import { type Folds, isWhole, UNFOLDED, WHOLE, type Zoom } from '@hatchet-ts/waterfall/browser';

/** Content of the page for an address. */
export type Place =
  | { page: 'runs'; filters: Filters }
  | { page: 'trace'; subject: Subject; view: TraceView }
  | { page: 'unknown' };

/** Trace of a run, or a trace by its own id. */
export interface Subject {
  by: 'run' | 'trace';
  id: string;
}

export interface Filters {
  status: string;
  workflow: string;
  text: string;
  /** Includes runs that other runs have triggered. */
  children: boolean;
}

export interface TraceView {
  /** Key of the selected row. */
  selected?: string;
  zoom: Zoom;
  folds: Folds;
  /** Gives engine spans rows of their own. */
  engine: boolean;
  /** Draws the critical path. */
  path: boolean;
}

export const NO_FILTERS: Filters = { status: '', workflow: '', text: '', children: false };
export const FIRST_VIEW: TraceView = { zoom: WHOLE, folds: UNFOLDED, engine: false, path: false };

export function placeOf({ pathname, search }: { pathname: string; search: string }): Place {
  const query = new URLSearchParams(search);
  if (pathname === '/') return { page: 'runs', filters: filtersFrom(query) };
  const [, by, id] = /^\/(runs|traces)\/([0-9a-fA-F-]{32,36})\/?$/.exec(pathname) ?? [];
  if (!id) return { page: 'unknown' };
  return {
    page: 'trace',
    subject: { by: by === 'runs' ? 'run' : 'trace', id: id.toLowerCase() },
    view: viewFrom(query),
  };
}

export function runsAddress(filters: Filters = NO_FILTERS): string {
  const { status, workflow, text, children } = filters;
  return withQuery('/', { status, workflow, text, children: children ? '1' : '' });
}

export function traceAddress({ by, id }: Subject, view: Partial<TraceView> = {}): string {
  const { selected = '', zoom, folds, engine, path } = { ...FIRST_VIEW, ...view };
  return withQuery(`/${by}s/${id}`, {
    span: selected,
    zoom: isWhole(zoom) ? '' : [zoom.from, zoom.to].map(short).join('_'),
    level: folds.level === undefined ? '' : String(folds.level),
    fold: [...folds.toggled].join('.'),
    engine: engine ? '1' : '',
    path: path ? '1' : '',
  });
}

/** Address of the page for an id that was searched for; undefined if the text is not an id. */
export function addressOfId(text: string): string | undefined {
  const id = text.trim().toLowerCase();
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return traceAddress({ by: 'run', id });
  if (/^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id)) return traceAddress({ by: 'trace', id });
  return undefined;
}

function filtersFrom(query: URLSearchParams): Filters {
  const text = (name: string): string => query.get(name) ?? '';
  return {
    status: text('status'),
    workflow: text('workflow'),
    text: text('text'),
    children: query.get('children') === '1',
  };
}

function viewFrom(query: URLSearchParams): TraceView {
  const level = query.get('level');
  return {
    selected: query.get('span') || undefined,
    zoom: zoomFrom(query.get('zoom')),
    folds: {
      level: level && /^\d{1,3}$/.test(level) ? Number(level) : undefined,
      toggled: new Set(query.get('fold')?.split('.').filter(Boolean)),
    },
    engine: query.get('engine') === '1',
    path: query.get('path') === '1',
  };
}

function zoomFrom(text: string | null): Zoom {
  const [from, to] = (text ?? '').split('_').map(Number);
  return from !== undefined && to !== undefined && 0 <= from && from < to && to <= 1 ? { from, to } : WHOLE;
}

const short = (fraction: number): string => String(Number(fraction.toFixed(8)));

function withQuery(path: string, values: Record<string, string>): string {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== '')).toString();
  return query ? `${path}?${query}` : path;
}
