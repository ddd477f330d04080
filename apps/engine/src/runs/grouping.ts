import { type RunSpanName, runSpan, setRunAttributes } from '@hatchet-ts/server-otel';
import { type Context, context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';

export interface GroupingOptions<Item, Answer> {
  /** The operation: what the span of a group is called. */
  name: RunSpanName;
  /** Does it for all of them or for none, in one statement or transaction; the answers are in the order of the items. */
  work(items: readonly Item[]): Promise<readonly Answer[]>;
  /** What a group's span links to. */
  linkTo(item: Item): SpanContext | undefined;
  /** How many callers are served one by one, side by side. Default 4: few callers need not wait for each other. */
  lanes?: number;
  /** Most items of a group. Default 500. */
  most?: number;
}

interface Waiting<Item, Answer> {
  item: Item;
  caller: Context;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Groups what many callers do at once, so that under load statements grow larger and not more: while all lanes are
 * busy, whatever comes waits, and then goes together. Who goes alone goes in the trace of the call; a group has a trace
 * of its own with links to its members, whose spans say how many they were (telemetry contract, section 2). When a group
 * fails its members are tried one by one, so that nobody suffers for a neighbour.
 */
export function createGrouping<Item, Answer>(options: GroupingOptions<Item, Answer>): (item: Item) => Promise<Answer> {
  const { name, work, linkTo, lanes = 4, most = 500 } = options;
  const waiting: Waiting<Item, Answer>[] = [];
  let busy = 0;

  async function alone(item: Item): Promise<Answer> {
    const [answer] = await work([item]);
    return answer as Answer;
  }

  async function oneByOne(group: readonly Waiting<Item, Answer>[]): Promise<void> {
    for (const { item, caller, resolve, reject } of group)
      await context.with(caller, () => alone(item)).then(resolve, reject);
  }

  async function together(group: readonly Waiting<Item, Answer>[]): Promise<void> {
    const items = group.map(({ item }) => item);
    const size = { 'batch.item_count': items.length };
    let answers: readonly Answer[];
    try {
      answers = await runSpan(name, { root: true, links: items.map(linkTo), attributes: size }, () => work(items));
    } catch {
      return await oneByOne(group);
    }
    for (const [position, { caller, resolve }] of group.entries()) {
      const span = trace.getSpan(caller);
      if (span) setRunAttributes(span, size);
      resolve(answers[position] as Answer);
    }
  }

  /** Serves what has come meanwhile, then gives the lane up. */
  async function leave(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.splice(0, most);
      await (group.length > 1 ? together(group) : oneByOne(group));
    }
    busy -= 1;
  }

  return async (item) => {
    if (busy >= lanes) {
      return await new Promise((resolve, reject) => waiting.push({ item, caller: context.active(), resolve, reject }));
    }
    busy += 1;
    try {
      return await alone(item);
    } finally {
      void context.with(ROOT_CONTEXT, leave);
    }
  };
}
