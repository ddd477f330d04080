import { isDeepStrictEqual } from 'node:util';

const DEFAULT_TIMEOUT_MS = 90_000;
const LAST_LINES = 40;

/** One line of a process's output. */
export interface LogLine {
  readonly text: string;
  /** Fields of a line that is a JSON object, empty otherwise. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Selects log lines: a text that the line contains, a pattern, or fields of a JSON line. */
export type LineMatcher = string | RegExp | Readonly<Record<string, unknown>>;

/** Output of a process: standard output and standard error, line by line. */
export class ProcessLog {
  readonly #lines: LogLine[] = [];
  #waiting: (() => void)[] = [];
  #hasEnded = false;

  /** True once the process has ended and no further line follows. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** Returns the lines that match so far. */
  matching(matcher: LineMatcher): readonly LogLine[] {
    return this.#lines.filter((line) => matches(line, matcher));
  }

  /**
   * Returns the first matching line, past or future, or with `times` the nth one.
   *
   * @throws Error with the last lines if the process ends without that line, or after the deadline (default 90 s)
   */
  async waitFor(matcher: LineMatcher, { times = 1, timeoutMs = DEFAULT_TIMEOUT_MS } = {}): Promise<LogLine> {
    let isLate = false;
    const deadline = setTimeout(() => {
      isLate = true;
      this.#wake();
    }, timeoutMs);
    try {
      for (;;) {
        const line = this.matching(matcher)[times - 1];
        if (line) return line;
        if (this.#hasEnded || isLate) {
          const cause = isLate ? `within ${timeoutMs / 1000} s` : 'before the process ended';
          const wanted = matcher instanceof RegExp ? String(matcher) : JSON.stringify(matcher);
          throw new Error(
            `no log line ${wanted}${times > 1 ? ` for the ${times}. time` : ''} ${cause}; ${this.tail()}`,
          );
        }
        await new Promise<void>((wake) => this.#waiting.push(wake));
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Formats the last lines for an error message. */
  tail(): string {
    const last = this.#lines.slice(-LAST_LINES).map(({ text }) => text);
    return last.length === 0 ? 'no output' : `last lines:\n${last.join('\n')}`;
  }

  /** Appends a line of output. */
  add(text: string): void {
    this.#lines.push({ text, fields: parseFields(text) });
    this.#wake();
  }

  /** Marks the end of the output. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

function matches({ text, fields }: LogLine, matcher: LineMatcher): boolean {
  if (typeof matcher === 'string') return text.includes(matcher);
  if (matcher instanceof RegExp) return text.search(matcher) >= 0;
  return Object.entries(matcher).every(([key, value]) => isDeepStrictEqual(fields[key], value));
}

function parseFields(text: string): LogLine['fields'] {
  if (!text.startsWith('{')) return {};
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
