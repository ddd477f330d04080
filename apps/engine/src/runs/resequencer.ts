/** Time that an item waits for its predecessors, in milliseconds: each is a call of its own and may be retried. */
const WAIT_MS = 250;
/** Most series at a time; beyond it the oldest is emitted with gaps. */
const MOST_SERIES = 1_000;

interface Series<Item> {
  next: number;
  waiting: Map<number, Item>;
  timer?: NodeJS.Timeout | undefined;
}

/** Restores the order of the numbered items of many series, without waiting long for missing ones. */
export class Resequencer<Item> {
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
    series.timer ??= setTimeout(() => this.#skipGap(series), WAIT_MS);
  }

  clear(): void {
    for (const { timer } of this.#series.values()) clearTimeout(timer);
    this.#series.clear();
  }

  #begin(id: string): Series<Item> {
    for (const [oldest, series] of this.#series) {
      if (this.#series.size < MOST_SERIES) break;
      this.#skipGap(series);
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

  /** Continues after missing items: they were lost, or came before anyone followed. */
  #skipGap(series: Series<Item>): void {
    clearTimeout(series.timer);
    series.timer = undefined;
    const [first] = [...series.waiting.keys()].sort((a, b) => a - b);
    if (first === undefined) return;
    series.next = first;
    this.#emitNext(series);
    if (series.waiting.size > 0) series.timer = setTimeout(() => this.#skipGap(series), WAIT_MS);
  }
}
