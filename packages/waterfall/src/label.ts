import { attributeText, type WaterfallSpan } from './span.ts';

/** Name of a span and what tells it from its siblings: `hatchet.start_step_run charge (retry 1)`. */
export function spanLabel(span: WaterfallSpan): string {
  const subject = subjectOf(span);
  const retry = retryOf(span);
  return [span.name, subject, retry > 0 ? `(retry ${retry})` : ''].filter(Boolean).join(' ');
}

/** What a span is about, when its name alone does not say it: the step, the workflow, the event. */
export function subjectOf(span: WaterfallSpan): string {
  const row = SUBJECTS.find(([prefix]) => span.name === prefix || span.name.startsWith(`${prefix}.`));
  return row ? [...new Set(row[1].map((key) => attributeText(span, key)).filter(Boolean))].join('/') : '';
}

/** Which attempt of a task a span is about, from 0; 0 too where it is about none. */
export function retryOf(span: WaterfallSpan): number {
  const aboutAttempt = ATTEMPTS.some((prefix) => span.name === prefix || span.name.startsWith(`${prefix}.`));
  return aboutAttempt ? attemptOf(span) : 0;
}

/** `hatchet.retry_count`, which Hatchet's own engine writes as text. */
export function attemptOf(span: WaterfallSpan): number {
  const count = Number(attributeText(span, 'hatchet.retry_count'));
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** `completed`, `ERROR failed`, `ERROR`, or nothing where there is nothing to say. */
export function statusText(span: WaterfallSpan): string {
  const outcome = isTaskOrRun(span) ? attributeText(span, 'hatchet.outcome') : '';
  return [span.status === 'UNSET' ? '' : span.status, outcome].filter(Boolean).join(' ');
}

/** Tasks inherit `hatchet.*` attributes to the spans below them; only the spans named here speak for themselves. */
const ATTEMPTS = [
  'hatchet.start_step_run',
  'hatchet.cancel_step_run',
  'hatchet.engine.start_step_run',
  'hatchet.engine.queued',
];

const STEP = ['hatchet.workflow_name', 'hatchet.step_name'];
const SUBJECTS: [name: string, attributes: string[]][] = [
  ...ATTEMPTS.map((name): [string, string[]] => [name, STEP]),
  ['hatchet.engine.workflow_run', ['hatchet.workflow_name']],
  ['hatchet.engine.event', ['hatchet.event_key']],
  ['hatchet.run_workflow', ['hatchet.workflow_name']],
  ['hatchet.run_workflows', ['hatchet.unique_workflow_names']],
  ['hatchet.schedule_workflow', ['hatchet.workflow_name']],
  ['hatchet.create_cron', ['hatchet.workflow_name', 'hatchet.cron_name']],
  ['hatchet.push_event', ['hatchet.event_key']],
  ['hatchet.bulk_push_event', ['hatchet.unique_event_keys']],
  ['hatchet.durable.wait_for', ['hatchet.signal_key']],
];

function isTaskOrRun(span: WaterfallSpan): boolean {
  return span.name.startsWith('hatchet.');
}
