import { attributeText, type WaterfallSpan } from './span.ts';

/** Work of Hatchet's services that a run causes, and that tells its user little: passes, calls of workers, statements. */
export function isEngineInternal(span: WaterfallSpan): boolean {
  return span.name.startsWith('hatchet.run/') || isEngineCall(span) || isDatabase(span);
}

/** Of Hatchet's services, beyond doubt: a statement is one when it carries the tenant that they work for. */
export function isEngineWork(span: WaterfallSpan): boolean {
  return span.name.startsWith('hatchet.run/') || isEngineCall(span) || (isDatabase(span) && TENANT in span.attributes);
}

export function isDatabase(span: WaterfallSpan): boolean {
  const system = attributeText(span, 'db.system.name') || attributeText(span, 'db.system');
  return system !== '' && (span.kind === 'CLIENT' || span.kind === 'INTERNAL');
}

/** The time in which an attempt could have run, had there been a worker for it. */
export function isQueueTime(span: WaterfallSpan): boolean {
  return span.name === 'hatchet.engine.queued';
}

/** Time that passes without work: in the queue, or until a sleep or an event ends it. */
export function isWaiting(span: WaterfallSpan): boolean {
  return isQueueTime(span) || span.name === 'hatchet.durable.wait_for';
}

/** An attempt as the worker saw it. */
export function isWorkerAttempt(span: WaterfallSpan): boolean {
  return /^hatchet\.start_step_run(\.|$)/.test(span.name) && taskOf(span) !== '';
}

/** An attempt as the engine saw it. */
export function isEngineAttempt(span: WaterfallSpan): boolean {
  return span.name === 'hatchet.engine.start_step_run';
}

/** Id of the task that a span is about, or works for. */
export function taskOf(span: WaterfallSpan): string {
  return attributeText(span, 'hatchet.step_run_id') || attributeText(span, 'hatchet.run/step_run.id');
}

const TENANT = 'hatchet.run/tenant.id';
const ENGINE_CALL = /^\/?(Dispatcher|WorkflowService|EventsService|v1\.AdminService|v1\.V1Dispatcher)\//;

/** A call that a service of Hatchet answered. */
export function isEngineCall(span: WaterfallSpan): boolean {
  return span.kind === 'SERVER' && ENGINE_CALL.test(span.name);
}
