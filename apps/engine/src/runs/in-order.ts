/** How long a piece waits for those before it, in milliseconds: each is a call of its own, and may be tried again. */
const WAIT_MS = 250;
/** Most series at a time; more pieces go out as they come. */
const MOST_SERIES = 1_000;

interface Series<Item> {
  next: number;
  waiting: Map<number, Item>;
  timer?: NodeJS.Timeout | undefined;
}

/** Puts the numbered pieces of many series back into their order, as far as they come soon. */
export class InOrder<Item> {
  readonly #emit: (item: Item) => void;
  readonly #series = new Map<string, Series<Item>>();

  constructor(emit: (item: Item) => void) {
    this.#emit = emit;
  }

  put(id: string, index: number, item: Item): void {
    const series = this.#series.get(id) ?? this.#begin(id);
    if (index < series.next) {
      this.#emit(item);
      return;
    }
    series.waiting.set(index, item);
    this.#emitNext(series);
    if (series.waiting.size === 0) return;
    series.timer ??= setTimeout(() => this.#giveUpGap(series), WAIT_MS);
  }

  clear(): void {
    for (const { timer } of this.#series.values()) clearTimeout(timer);
    this.#series.clear();
  }

  #begin(id: string): Series<Item> {
    for (const [oldest, series] of this.#series) {
      if (this.#series.size < MOST_SERIES) break;
      this.#giveUpGap(series);
      this.#series.delete(oldest);
    }
    const series: Series<Item> = { next: 0, waiting: new Map() };
    this.#series.set(id, series);
    return series;
  }

  #emitNext(series: Series<Item>): void {
    for (let item = series.waiting.get(series.next); item !== undefined; item = series.waiting.get(series.next)) {
      series.waiting.delete(series.next);
      series.next += 1;
      this.#emit(item);
    }
    if (series.waiting.size > 0) return;
    clearTimeout(series.timer);
    series.timer = undefined;
  }

  /** What is missing does not come, or came before anyone listened. */
  #giveUpGap(series: Series<Item>): void {
    clearTimeout(series.timer);
    series.timer = undefined;
    const [first] = [...series.waiting.keys()].sort((a, b) => a - b);
    if (first === undefined) return;
    series.next = first;
    this.#emitNext(series);
    if (series.waiting.size > 0) series.timer = setTimeout(() => this.#giveUpGap(series), WAIT_MS);
  }
}
