import type { Filters } from '../route/address.ts';
import { visibleText } from '../text/visible-text.ts';

/** Row of `GET …/traces`. */
export interface Run {
  workflowRunExternalId: string;
  workflowId: string;
  workflowName: string;
  displayName?: string;
  status: string;
  outcome?: string;
  createdAt: string;
  finishedAt?: string;
  durationMs?: number;
  queuedMs?: number;
  traceId?: string;
  spanCount: number;
  errorCount: number;
  /** Reason of the run's timeout. */
  endReason?: string;
}

/** Result of a run, or its state until it ends. */
export type Outcome = 'completed' | 'failed' | 'cancelled' | 'timed_out' | 'not_scheduled' | 'running' | 'queued';

export function outcomeOf({ outcome, status }: Pick<Run, 'outcome' | 'status'>): Outcome {
  const text = (outcome ?? status).toLowerCase();
  return OUTCOMES.find((known) => known === text) ?? 'running';
}

const OUTCOMES: Outcome[] = ['completed', 'failed', 'cancelled', 'timed_out', 'not_scheduled', 'running', 'queued'];
/** Hatchet's statuses, which its route filters by. */
export const STATUSES: string[] = ['QUEUED', 'RUNNING', 'COMPLETED', 'CANCELLED', 'FAILED'];

export function isOver(run: Pick<Run, 'outcome' | 'status'>): boolean {
  return !['running', 'queued'].includes(outcomeOf(run));
}

/** Path and query for a page of the list. */
export function listQuery({ status, workflow, text, children }: Filters, offset: number, limit: number): string {
  const query = new URLSearchParams({ limit: String(limit), offset: String(offset) });
  if (status) query.set('statuses', status);
  if (workflow) query.set('workflow_names', workflow);
  if (text.trim()) query.set('text', text.trim());
  query.set('include_children', String(children));
  return `traces?${query}`;
}

/** Reason of a run's end, with the next step if no worker took a task. */
export function reasonText(reason: string): string {
  const text = visibleText(reason.slice(0, 300));
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  if (!/^no worker took/.test(text)) return sentence;
  return `${sentence} Start a worker that registers this workflow, or raise the schedule timeout, and trigger the run again.`;
}
