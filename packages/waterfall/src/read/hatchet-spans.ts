import { attributeText, type WaterfallSpan } from './span.ts';

/** Internal work of Hatchet's services that is rarely of interest to a user: scheduling passes, calls from workers, statements. */
export function isEngineInternal(span: WaterfallSpan): boolean {
  return span.name.startsWith('hatchet.run/') || isEngineCall(span) || isDatabase(span);
}

/** Certainly work of Hatchet's services. A statement counts only if it carries the tenant that the services work for. */
export function isEngineWork(span: WaterfallSpan): boolean {
  return span.name.startsWith('hatchet.run/') || isEngineCall(span) || (isDatabase(span) && TENANT in span.attributes);
}

export function isDatabase(span: WaterfallSpan): boolean {
  const system = attributeText(span, 'db.system.name') || attributeText(span, 'db.system');
  return system !== '' && (span.kind === 'CLIENT' || span.kind === 'INTERNAL');
}

/** A call that one of Hatchet's services answered. */
export function isEngineCall(span: WaterfallSpan): boolean {
  return span.kind === 'SERVER' && ENGINE_CALL.test(span.name);
}

/** Time in the queue: the attempt was ready, but no worker had taken it. */
export function isQueueTime(span: WaterfallSpan): boolean {
  return span.name === 'hatchet.engine.queued';
}

/** Time without work: in the queue, or until a sleep or an event ends. */
export function isWaiting(span: WaterfallSpan): boolean {
  return isQueueTime(span) || span.name === 'hatchet.durable.wait_for';
}

/** An attempt, reported by the worker. */
export function isWorkerAttempt(span: WaterfallSpan): boolean {
  return /^hatchet\.start_step_run(\.|$)/.test(span.name) && taskOf(span) !== '';
}

/** An attempt, reported by the engine. */
export function isEngineAttempt(span: WaterfallSpan): boolean {
  return span.name === 'hatchet.engine.start_step_run';
}

/** The engine's summary of a run. */
export function isRun(span: WaterfallSpan): boolean {
  return span.name === 'hatchet.engine.workflow_run';
}

/** Id of the run that a span describes or works for. */
export function runOf(span: WaterfallSpan): string {
  return attributeText(span, 'hatchet.workflow_run_id') || attributeText(span, 'hatchet.run/workflow_run.id');
}

/** Id of the task that a span describes or works for. */
export function taskOf(span: WaterfallSpan): string {
  return attributeText(span, 'hatchet.step_run_id') || attributeText(span, 'hatchet.run/step_run.id');
}

/** Key of an attempt: equal for all spans that describe the same attempt of the same task. */
export function attemptKey(span: WaterfallSpan): string {
  return `${taskOf(span)}#${attemptOf(span)}`;
}

/** Attempt of a span that describes one, from 0; also 0 for any other span. */
export function retryOf(span: WaterfallSpan): number {
  const describesAttempt = ATTEMPTS.some((prefix) => hasName(span, prefix));
  return describesAttempt ? attemptOf(span) : 0;
}

/** `hatchet.retry_count`; Hatchet's own engine writes it as text. */
export function attemptOf(span: WaterfallSpan): number {
  const count = Number(attributeText(span, 'hatchet.retry_count'));
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** Name of a span, its subject and its retry: `hatchet.start_step_run charge (retry 1)`. */
export function spanLabel(span: WaterfallSpan): string {
  const subject = subjectOf(span);
  const retry = retryOf(span);
  return [span.name, subject, retry > 0 ? `(retry ${retry})` : ''].filter(Boolean).join(' ');
}

/** Step, workflow or event of a span whose name is the same for all of them. */
export function subjectOf(span: WaterfallSpan): string {
  const row = SUBJECTS.find(([prefix]) => hasName(span, prefix));
  return row ? [...new Set(row[1].map((key) => attributeText(span, key)).filter(Boolean))].join('/') : '';
}

/** `completed`, `ERROR failed`, `ERROR`, or empty. */
export function statusText(span: WaterfallSpan): string {
  const outcome = span.name.startsWith('hatchet.') ? attributeText(span, 'hatchet.outcome') : '';
  return [span.status === 'UNSET' ? '' : span.status, outcome].filter(Boolean).join(' ');
}

const TENANT = 'hatchet.run/tenant.id';
const ENGINE_CALL = /^\/?(Dispatcher|WorkflowService|EventsService|v1\.AdminService|v1\.V1Dispatcher)\//;

/** Spans below a task inherit its `hatchet.*` attributes; only spans with these names describe an attempt. */
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

/** Span names end in a suffix with some SDKs: `hatchet.start_step_run.order:charge`. */
function hasName({ name }: WaterfallSpan, prefix: string): boolean {
  return name === prefix || name.startsWith(`${prefix}.`);
}
