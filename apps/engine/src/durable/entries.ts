import { createHash } from 'node:crypto';
import type { EntryKind, StoredEntry } from '@hatchet-ts/storage/durable';

/** Entry that an invocation requests at one node of its log. */
export interface EntryRequest {
  kind: EntryKind;
  /** Digest of everything that a later invocation must request identically. */
  digest: string;
  /** Readable form, for errors. */
  label: string;
}

/** Condition of a requested wait. */
export interface RequestedCondition {
  orGroup: string;
  dataKey: string;
  sleep?: { ms: number; text: string };
  event?: { key: string; scope?: string; since?: Date };
}

/** Entry of a wait. The digest excludes the groups' names and the look-back time, which differ on each invocation. */
export function waitEntry(conditions: readonly RequestedCondition[]): EntryRequest {
  const parts = conditions.map(({ dataKey, sleep, event }) => [dataKey, sleep?.text, event?.key, event?.scope]);
  const labels = conditions.map(({ sleep, event }) => (sleep ? `sleep ${sleep.text}` : `event ${event?.key}`));
  return { kind: 'WAIT', digest: digestOf(parts.map((part) => JSON.stringify(part)).sort()), label: summary(labels) };
}

/** Entry of a value to remember under a key. */
export function memoEntry(key: Uint8Array): EntryRequest {
  return { kind: 'MEMO', digest: digestOf(Buffer.from(key).toString('hex')), label: 'a remembered value' };
}

/**
 * Entry of a child run. The digest excludes its metadata, which holds trace contexts; the name is in lower case, as in the
 * logs of earlier engines.
 */
export function runEntry({ workflowName, input }: { workflowName: string; input: string }): EntryRequest {
  return { kind: 'RUN', digest: digestOf([workflowName.toLowerCase(), input]), label: `run of ${workflowName}` };
}

/** Node at which a request differs from the stored entry. */
export interface Mismatch {
  nodeId: number;
  expected: string;
  received: string;
}

/** Finds the first request that differs from the stored entry at its node. */
export function firstMismatch(stored: readonly StoredEntry[], requests: readonly EntryRequest[]): Mismatch | undefined {
  const position = stored.findIndex(
    ({ kind, digest }, index) => kind !== requests[index]?.kind || digest !== requests[index]?.digest,
  );
  const entry = stored[position];
  const request = requests[position];
  return entry && request && { nodeId: entry.nodeId, expected: described(entry), received: described(request) };
}

function described({ kind, label }: Pick<EntryRequest, 'kind' | 'label'>): string {
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
