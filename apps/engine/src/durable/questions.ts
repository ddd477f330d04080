import { createHash } from 'node:crypto';
import type { EntryKind, StoredEntry } from '@hatchet-ts/storage/durable';

/** What an invocation asks its log for at one node. */
export interface Question {
  kind: EntryKind;
  /** Of what must be the same when it is asked again. */
  digest: string;
  /** The same for people. */
  label: string;
}

/** A condition of a wait, as it was asked for. */
export interface AskedCondition {
  orGroup: string;
  dataKey: string;
  sleep?: { ms: number; text: string };
  event?: { key: string; scope?: string; since?: Date };
}

/** A wait. The name of a group and the moment to look back to are new each time, so they do not count. */
export function waitQuestion(conditions: readonly AskedCondition[]): Question {
  const parts = conditions.map(({ dataKey, sleep, event }) => [dataKey, sleep?.text, event?.key, event?.scope]);
  const labels = conditions.map(({ sleep, event }) => (sleep ? `sleep ${sleep.text}` : `event ${event?.key}`));
  return { kind: 'WAIT', digest: digestOf(parts.map((part) => JSON.stringify(part)).sort()), label: summary(labels) };
}

/** A value to remember under a key. */
export function memoQuestion(key: Uint8Array): Question {
  return { kind: 'MEMO', digest: digestOf(Buffer.from(key).toString('hex')), label: 'a remembered value' };
}

/** A child run. Its metadata does not count: traces are in it. */
export function runQuestion({ workflowName, input }: { workflowName: string; input: string }): Question {
  return { kind: 'RUN', digest: digestOf([workflowName, input]), label: `run of ${workflowName}` };
}

/** The first question that is not what was asked at its node before, and what it should have been. */
export function deviation(
  stored: readonly StoredEntry[],
  questions: readonly Question[],
): { nodeId: number; expected: string; received: string } | undefined {
  const position = stored.findIndex(
    ({ kind, digest }, index) => kind !== questions[index]?.kind || digest !== questions[index]?.digest,
  );
  const entry = stored[position];
  const question = questions[position];
  return entry && question && { nodeId: entry.nodeId, expected: described(entry), received: described(question) };
}

function described({ kind, label }: Pick<Question, 'kind' | 'label'>): string {
  return kind === 'WAIT' ? `a wait (${label})` : label;
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

const MOST_LABELS = 5;

function summary(labels: readonly string[]): string {
  const more = labels.length - MOST_LABELS;
  return labels.slice(0, MOST_LABELS).join(', ') + (more > 0 ? ` and ${more} more` : '') || 'nothing';
}
