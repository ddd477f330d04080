import type { DeclaredCrons } from '../triggers/crons.ts';

/** One registered task of a workflow. */
export interface Step {
  /** A UUID that differs in each version. */
  id: string;
  /** The task's name as registered, in its original case. */
  name: string;
  /** `<workflow>:<task>`, lower case. */
  action: string;
  /** An `on-failure` step runs after all other steps have ended, if one of them failed. */
  kind: 'task' | 'on-failure';
  /** Positions of its parent steps, whose outputs it waits for. */
  parents: number[];
  /** Longest duration of an attempt, in milliseconds and as registered. */
  timeout: { ms: number; text: string };
  /** Longest time in the queue. */
  scheduleTimeout: { ms: number; text: string };
  retries: number;
  /** The n-th retry waits factor^n seconds, at most `maxSeconds`. Unset: retries are immediate. */
  backoff?: { factor: number; maxSeconds: number };
  /** Slots that it takes on a worker, by kind. */
  slots: Record<string, number>;
  labels?: DesiredLabels;
  /** Its waits, memos and child runs are kept in a durable log. */
  durable?: boolean;
  /** Its runs are collected and assigned to a worker together. */
  batch?: BatchConfig;
}

/** Limits of a batch. */
export interface BatchConfig {
  maxSize: number;
  /** Longest wait of the first run for others, in milliseconds. Unset: until the batch is full. */
  maxIntervalMs?: number;
  /** Path to a value in the input. Only runs with the same value share a batch. Unset: all runs do. */
  groupBy?: string[];
}

/** Requirements and preferences of a task for its worker, by label. */
export type DesiredLabels = Record<string, DesiredLabel>;

/** One requirement or preference of a task for its worker. */
export interface DesiredLabel {
  value: string | number;
  comparator: LabelComparator;
  /** A required label excludes workers that do not match. Otherwise it is a preference. */
  required: boolean;
  /** Weight among preferences. */
  weight: number;
}

export type LabelComparator = '=' | '!=' | '>' | '>=' | '<' | '<=';

/** Idempotency of a workflow: runs with the same key are created only once. */
export interface Idempotency {
  /** Path to the key in the input or the additional metadata. */
  path: { in: 'input' | 'additional_metadata'; names: string[] };
  /** Time that a run holds its key, in milliseconds. */
  ttlMs: number;
  /** The run releases its key when it ends, if that is sooner. */
  untilEnd: boolean;
}

/** Definition of a workflow version. */
export interface WorkflowDefinition {
  description: string;
  /** 1 to 3, for runs without a priority. */
  defaultPriority: number;
  /** A key that ends in `*` matches all keys with that prefix. */
  eventKeys: string[];
  crons?: DeclaredCrons;
  idempotency?: Idempotency;
  steps: Step[];
}

/** A workflow in its current version. */
export interface Workflow {
  id: string;
  versionId: string;
  tenantId: string;
  name: string;
  definition: WorkflowDefinition;
}
