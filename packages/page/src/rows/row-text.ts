import {
  attemptOf,
  durationText,
  isQueueTime,
  retryOf,
  subjectOf,
  type TraceLayout,
  type WaterfallRow,
  type WaterfallSpan,
} from '@hatchet-ts/waterfall/browser';
import { plural } from '../text/format.ts';
import { visibleText } from '../text/visible-text.ts';

/** Label of a row; all of it is safe to show. */
interface RowText {
  /** Main text: `order/charge`, `Attempt 2`, or the span's name. */
  title: string;
  /** Span name, if the title is different. */
  operation: string;
  /** `×5`, `missing`, `duplicate id`, … */
  notes: string[];
}

/** Number of equal spans from which the slowest is worth a note. */
const MANY = 10;

/** Maximum length of a title in a row. */
const TITLE_LENGTH = 300;

export function rowText({ rows }: Pick<TraceLayout, 'rows'>, row: WaterfallRow): RowText {
  const span = row.spans[0];
  const about = span ?? row.running;
  if (!about || (row.missing !== undefined && !row.running)) {
    return { title: `Missing parent ${visibleText(row.missing ?? '')}`, operation: '', notes: ['not in this trace'] };
  }
  // a parent that still runs is described only by its task's queue time
  const subject = row.missing === undefined || isQueueTime(about) ? subjectOf(about) : 'Not ended yet';
  const name = span?.name ?? '';
  const retry = span ? retryOf(span) : attemptOf(about);
  const inGroup = rows[row.parent]?.group === 'attempts';
  const count = row.group === 'attempts' ? row.bars.length : row.spans.length;
  const notes = [
    row.group === 'attempts' ? plural(count, 'attempt') : row.group ? `×${count}` : '',
    row.group === 'same' && count >= MANY ? `slowest ${durationText(slowestOf(row.spans))}` : '',
    !inGroup && !row.group && retry > 0 ? `attempt ${retry + 1}` : '',
    row.running ? 'running' : '',
    row.note ?? '',
  ];
  return {
    title: safe(inGroup ? `Attempt ${retry + 1}` : subject || name) || '(no name)',
    operation: row.group === 'attempts' ? '' : safe(inGroup || subject ? name : ''),
    notes: notes.filter(Boolean),
  };
}

function slowestOf(spans: readonly WaterfallSpan[]): bigint {
  let slowest = 0n;
  for (const { startTimeUnixNano: start, endTimeUnixNano: end } of spans)
    if (end - start > slowest) slowest = end - start;
  return slowest;
}

/** Title of a row without its ancestors: an attempt's title includes its task. */
export function fullTitle({ rows }: Pick<TraceLayout, 'rows'>, row: WaterfallRow): string {
  const above = rows[row.parent];
  const { title } = rowText({ rows }, row);
  return above?.group === 'attempts' ? `${rowText({ rows }, above).title}, ${title.toLowerCase()}` : title;
}

const safe = (text: string): string => visibleText(text.slice(0, TITLE_LENGTH));
