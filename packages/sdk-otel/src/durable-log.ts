/**
 * What this worker has seen of a durable task's event log. A replay runs the task's function from the top again, and its
 * waits, memos and spawns come in the same order: those before the point that was reached here make no second span.
 *
 * @see one is made for each invocation, from the one before
 */
export class DurableLog {
  readonly invocation: number;
  readonly #reachedBefore: number;
  readonly #children: Map<string, number>;
  #position = 0;

  constructor(invocation: number, before?: DurableLog) {
    this.invocation = invocation;
    this.#reachedBefore = before?.reached ?? 0;
    this.#children = before ? before.#children : new Map();
  }

  /** How many entries any invocation on this worker has had acknowledged. */
  get reached(): number {
    return Math.max(this.#reachedBefore, this.#position);
  }

  /** Whether the entry that is sent next was acknowledged in an invocation before. */
  get replays(): boolean {
    return this.#position < this.#reachedBefore;
  }

  /** The engine has the entry. */
  acknowledged(): void {
    this.#position++;
  }

  /** Whether an invocation before has spawned the child that is known to the engine by this key or index. */
  hasSpawned(child: string | number): boolean {
    const invocation = this.#children.get(String(child));
    return invocation !== undefined && invocation < this.invocation;
  }

  spawned(child: string | number): void {
    const key = String(child);
    if (this.#children.size < CHILDREN && !this.#children.has(key)) this.#children.set(key, this.invocation);
  }
}

// of children beyond these a replay makes spans again: the memory of a worker is not theirs
const CHILDREN = 4096;
