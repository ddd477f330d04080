/** One task of a workflow, as it was registered. */
export interface Step {
  /** A UUID of its own in each version. */
  id: string;
  /** The readable id, in its original case. */
  name: string;
  /** `<workflow>:<task>`, lower case. */
  action: string;
  /** An `on-failure` step runs when all others have ended and one of them failed. */
  kind: 'task' | 'on-failure';
  /** Positions of the steps whose outputs it waits for. */
  parents: number[];
  /** How long an attempt may take, in milliseconds, and as it was written. */
  timeout: { ms: number; text: string };
  /** How long it may wait for a worker. */
  scheduleTimeout: { ms: number; text: string };
  retries: number;
  /** The n-th retry waits factor^n seconds, at most `maxSeconds`; unset: retries are immediate. */
  backoff?: { factor: number; maxSeconds: number };
  /** What it occupies of a worker, by kind of slot. */
  slots: Record<string, number>;
  /** What it wants of a worker, by label. */
  labels?: DesiredLabels;
  /** Its function waits, remembers and spawns by a durable log. */
  durable?: boolean;
  /** Runs of it are gathered and given to a worker together. */
  batch?: BatchConfig;
}

/** How many runs make a batch. */
export interface BatchConfig {
  maxSize: number;
  /** How long the first run waits for others at most, in milliseconds; unset: until the batch is full. */
  maxIntervalMs?: number;
  /** The names that lead to a value in the input; runs where it is the same go together. Unset: all do. */
  groupBy?: string[];
}

/** What a task wants of its worker, by label. */
export type DesiredLabels = Record<string, DesiredLabel>;

export interface DesiredLabel {
  value: string | number;
  comparator: LabelComparator;
  /** A worker that does not have it so must not take the task; otherwise it is only a preference. */
  required: boolean;
  /** How much it counts beside other preferences. */
  weight: number;
}

export type LabelComparator = '=' | '!=' | '>' | '>=' | '<' | '<=';

/** Which runs are taken for the same. */
export interface Idempotency {
  /** Where the key stands: the names that lead to it in the input or the additional metadata. */
  path: { in: 'input' | 'additional_metadata'; names: string[] };
  /** How long a run has its key, in milliseconds. */
  ttlMs: number;
  /** It gives it back when it ends. */
  untilEnd: boolean;
}

/** The crons that a workflow declares. */
export interface DeclaredCrons {
  expressions: string[];
  /** JSON text. */
  input: string;
}

/** What a workflow version consists of. */
export interface WorkflowDefinition {
  description: string;
  /** 1 to 3, for runs that name none. */
  defaultPriority: number;
  /** One that ends in `*` stands for all that begin so. */
  eventKeys: string[];
  crons?: DeclaredCrons;
  idempotency?: Idempotency;
  steps: Step[];
}

/** A workflow at its current version. */
export interface Workflow {
  id: string;
  versionId: string;
  tenantId: string;
  name: string;
  definition: WorkflowDefinition;
}
