/** Milliseconds; far more than it takes, so that only what will never come runs into it. */
const DEADLINE_MS = 90_000;

/** A line of a service's log, as pino writes it. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** What a service says about itself: the JSON lines among its output. */
export class ServiceLog {
  readonly #lines: LogLine[] = [];
  #noticed: (() => void)[] = [];
  #over = false;

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** Takes a line of the output; one that is no JSON is left out. */
  add(text: string): void {
    const line = parsed(text);
    if (!line) return;
    this.#lines.push(line);
    this.#notice();
  }

  /** No line will come any more. */
  end(): void {
    this.#over = true;
    this.#notice();
  }

  /**
   * Waits for a line with this message, or takes one that is there already.
   *
   * @param times - for the so-and-so-many-eth of them
   * @throws Error when the service ends without it, or a deadline of 90 s comes; it tells what was said instead
   */
  async until(msg: string, times = 1): Promise<LogLine> {
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      this.#notice();
    }, DEADLINE_MS);
    try {
      for (;;) {
        const line = this.saying(msg)[times - 1];
        if (line) return line;
        if (this.#over || late)
          throw new Error(`${JSON.stringify(msg)} was not said ${times} times, but ${this.#said()}`);
        await new Promise<void>((noticed) => this.#noticed.push(noticed));
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  /** The lines with this message. */
  saying(msg: string): readonly LogLine[] {
    return this.#lines.filter((line) => line.msg === msg);
  }

  #said(): string {
    return this.#lines.map(({ msg }) => JSON.stringify(msg)).join(', ') || 'nothing';
  }

  #notice(): void {
    for (const noticed of this.#noticed.splice(0)) noticed();
  }
}

function parsed(text: string): LogLine | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const line = JSON.parse(text);
    return typeof line.msg === 'string' ? line : undefined;
  } catch {
    return undefined;
  }
}
