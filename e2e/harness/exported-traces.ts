import { open } from 'node:fs/promises';
import { waitUntil } from '@hatchet-ts/trace-testing';
import { spansFromOtlpJson, type WaterfallSpan } from '@hatchet-ts/waterfall';

/** Spans in the file of a Collector's file exporter, which has one line of OTLP JSON per batch. */
export class ExportedTraces {
  readonly #file: string;
  readonly #spans: WaterfallSpan[] = [];
  #offset = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Returns all spans so far. A line that is not complete yet is left for the next call. */
  async spans(): Promise<readonly WaterfallSpan[]> {
    const text = await this.#readNew();
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
   * @throws Error with a summary of the received spans after a deadline of 90 s
   */
  async until(
    what: string,
    condition: (spans: readonly WaterfallSpan[]) => boolean,
  ): Promise<readonly WaterfallSpan[]> {
    const probe = async () => {
      const spans = await this.spans();
      return condition(spans) && spans;
    };
    return waitUntil(what, probe, { describe: () => `the Collector has received ${summarize(this.#spans)}` });
  }

  async #readNew(): Promise<string> {
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

function summarize(spans: readonly WaterfallSpan[]): string {
  const counts = new Map<string, number>();
  for (const { name } of spans) counts.set(name, (counts.get(name) ?? 0) + 1);
  return spans.length === 0 ? 'no span' : [...counts].map(([name, count]) => `${count} × ${name}`).join(', ');
}
