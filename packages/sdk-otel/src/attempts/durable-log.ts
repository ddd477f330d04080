/** Facts about a durable task's earlier invocations on other workers, as far as the engine sends them. */
export interface EarlierInvocations {
  /** Number of entries in the log. */
  readonly entries?: number | undefined;
  /** Number of indexes used for children. */
  readonly children?: number | undefined;
}

/**
 * Position of a durable task in its event log, as far as this worker has seen it or the engine sends it. A replay runs the task's function again
 * from the start, and its waits, memos and spawns come in the same order. Entries that an earlier invocation has reached
 * make no second span.
 *
 * Each invocation gets a log of its own, made from the previous one.
 */
export class DurableLog {
  readonly invocation: number;
  readonly #reachedBefore: number;
  readonly #childrenBefore: number;
  readonly #children: Map<string, number>;
  #position = 0;

  constructor(invocation: number, before?: DurableLog, { entries = 0, children = 0 }: EarlierInvocations = {}) {
    this.invocation = invocation;
    this.#reachedBefore = Math.max(before?.reached ?? 0, entries);
    this.#childrenBefore = Math.max(before ? before.#childrenBefore : 0, children);
    this.#children = before ? before.#children : new Map();
  }

  /** Number of entries that were acknowledged to any invocation, as far as known. */
  get reached(): number {
    return Math.max(this.#reachedBefore, this.#position);
  }

  /** True if the next entry was acknowledged in an earlier invocation. */
  get isReplaying(): boolean {
    return this.#position < this.#reachedBefore;
  }

  /** Counts an entry that the engine has acknowledged. */
  acknowledge(): void {
    this.#position++;
  }

  /**
   * Reports if an earlier invocation has spawned the child.
   *
   * @param child its key, or else its index
   */
  hasChild(child: string | number, index?: number): boolean {
    if (index !== undefined && index < this.#childrenBefore) return true;
    const invocation = this.#children.get(String(child));
    return invocation !== undefined && invocation < this.invocation;
  }

  addChild(child: string | number): void {
    const key = String(child);
    if (this.#children.size < CHILDREN && !this.#children.has(key)) this.#children.set(key, this.invocation);
  }
}

// Limits a task's share of memory; a replay makes new spans for children beyond it.
const CHILDREN = 4096;
