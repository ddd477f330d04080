import { type RunSpanName, runSpan, setRunAttributes } from '@hatchet-ts/server-otel';
import { type Context, context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';

export interface GroupingOptions<Item, Result> {
  /** Name of the operation, and of a group's span. */
  name: RunSpanName;
  /** Does the operation for all items or for none, in one statement or transaction; results are in the items' order. */
  work(items: readonly Item[]): Promise<readonly Result[]>;
  /** Span context that a group's span links to. */
  linkTo(item: Item): SpanContext | undefined;
  /** Callers that are served individually, in parallel. Default 4: a few callers need not wait for each other. */
  lanes?: number;
  /** Most items of a group. Default 500. */
  most?: number;
}

interface Waiting<Item, Result> {
  item: Item;
  caller: Context;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Batches concurrent callers. While all lanes are busy, items queue and then run as one group, so load makes statements
 * larger rather than more numerous. A single item runs in its caller's trace; a group gets its own trace with links to
 * its members, and their spans carry the group's size (telemetry contract, section 2). If a group fails, its members are
 * retried one by one, so one bad item cannot fail the others.
 */
export class Grouping<Item, Result> {
  readonly #options: GroupingOptions<Item, Result>;
  readonly #lanes: number;
  readonly #most: number;
  readonly #waiting: Waiting<Item, Result>[] = [];
  #busy = 0;

  constructor(options: GroupingOptions<Item, Result>) {
    this.#options = options;
    this.#lanes = options.lanes ?? 4;
    this.#most = options.most ?? 500;
  }

  async run(item: Item): Promise<Result> {
    if (this.#busy >= this.#lanes) {
      return await new Promise((resolve, reject) => {
        this.#waiting.push({ item, caller: context.active(), resolve, reject });
      });
    }
    this.#busy += 1;
    try {
      return await this.#runSingle(item);
    } finally {
      void context.with(ROOT_CONTEXT, () => this.#drain());
    }
  }

  /** Serves the queue, then frees the lane. */
  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#most);
      await (group.length > 1 ? this.#runGroup(group) : this.#runOneByOne(group));
    }
    this.#busy -= 1;
  }

  async #runSingle(item: Item): Promise<Result> {
    const [result] = await this.#options.work([item]);
    return result as Result;
  }

  async #runOneByOne(group: readonly Waiting<Item, Result>[]): Promise<void> {
    for (const { item, caller, resolve, reject } of group)
      await context.with(caller, () => this.#runSingle(item)).then(resolve, reject);
  }

  async #runGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    const { name, work, linkTo } = this.#options;
    const items = group.map(({ item }) => item);
    const size = { 'batch.item_count': items.length };
    let results: readonly Result[];
    try {
      results = await runSpan(name, { root: true, links: items.map(linkTo), attributes: size }, () => work(items));
    } catch {
      return await this.#runOneByOne(group);
    }
    for (const [position, { caller, resolve }] of group.entries()) {
      const span = trace.getSpan(caller);
      if (span) setRunAttributes(span, size);
      resolve(results[position] as Result);
    }
  }
}
