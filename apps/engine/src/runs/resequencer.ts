/** Time that an item waits for its predecessors, in milliseconds: each is a call of its own and may be retried. */
const WAIT_MS = 250;
/** Most series at a time; beyond it the oldest is emitted with gaps. */
const MOST_SERIES = 1_000;

interface Series<Item> {
  next: number;
  waiting: Map<number, Item>;
  ended: boolean;
  timer?: NodeJS.Timeout | undefined;
}

/** Restores the order of the numbered items of many series, without waiting long for missing ones. */
export class Resequencer<Item> {
  readonly #emit: (item: Item) => void;
  readonly #series = new Map<string, Series<Item>>();

  constructor(emit: (item: Item) => void) {
    this.#emit = emit;
  }

  /** Emits an item in its turn. An index that was emitted before begins a new series if the old one has ended, or if it is 0. */
  put(id: string, index: number, item: Item): void {
    const known = this.#series.get(id);
    const isRepeated = known !== undefined && index < known.next;
    if (isRepeated && !known.ended && index > 0) {
      this.#emit(item);
      return;
    }
    if (isRepeated) this.#drop(id, known);
    const series = this.#series.get(id) ?? this.#begin(id);
    series.waiting.set(index, item);
    this.#emitNext(series);
    if (series.waiting.size === 0) return;
    series.timer ??= setTimeout(() => this.#skipGap(series), WAIT_MS);
  }

  /** Notes that a series has ended. Its last items may still arrive, and another series may begin. */
  end(id: string): void {
    const series = this.#series.get(id);
    if (series) series.ended = true;
  }

  clear(): void {
    for (const { timer } of this.#series.values()) clearTimeout(timer);
    this.#series.clear();
  }

  #begin(id: string): Series<Item> {
    for (const [oldest, series] of this.#series) {
      if (this.#series.size < MOST_SERIES) break;
      this.#drop(oldest, series);
    }
    const series: Series<Item> = { next: 0, waiting: new Map(), ended: false };
    this.#series.set(id, series);
    return series;
  }

  /** Forgets a series, and emits its waiting items in order. */
  #drop(id: string, { waiting, timer }: Series<Item>): void {
    this.#series.delete(id);
    clearTimeout(timer);
    for (const [, item] of [...waiting].sort(([a], [b]) => a - b)) this.#emit(item);
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
