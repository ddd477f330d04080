import { open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { spansFromOtlpJson, type WaterfallSpan } from '@hatchet-ts/waterfall';

/** Milliseconds; far more than it takes, so that only what will never come runs into it. */
const DEADLINE_MS = 90_000;
const INTERVAL_MS = 50;

/** What the Collector has written to its file: one line of OTLP JSON per batch. */
export class ExportedTraces {
  readonly #file: string;
  readonly #spans: WaterfallSpan[] = [];
  #offset = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** All spans so far. A line that is still being written counts the next time. */
  async spans(): Promise<readonly WaterfallSpan[]> {
    const text = await this.#unread();
    const complete = text.lastIndexOf('\n') + 1;
    if (complete > 0) {
      for (const span of spansFromOtlpJson(text.slice(0, complete))) this.#spans.push(span);
      this.#offset += Buffer.byteLength(text.slice(0, complete));
    }
    return this.#spans;
  }

  /**
   * Waits until the spans satisfy a condition.
   *
   * @param what - the condition in words, for the error
   * @throws Error that says what has come instead, after a deadline of 90 s
   */
  async until(
    what: string,
    condition: (spans: readonly WaterfallSpan[]) => boolean,
  ): Promise<readonly WaterfallSpan[]> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const spans = await this.spans();
      if (condition(spans)) return spans;
      if (Date.now() > deadline) throw new Error(`the Collector has not received ${what}; it has ${summary(spans)}`);
      await setTimeout(INTERVAL_MS);
    }
  }

  async #unread(): Promise<string> {
    const file = await open(this.#file).catch(() => undefined);
    if (!file) return '';
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.max(0, size - this.#offset));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#offset);
      return bytes.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }
}

function summary(spans: readonly WaterfallSpan[]): string {
  const counts = new Map<string, number>();
  for (const { name } of spans) counts.set(name, (counts.get(name) ?? 0) + 1);
  return spans.length === 0 ? 'nothing' : [...counts].map(([name, count]) => `${count} × ${name}`).join(', ');
}
