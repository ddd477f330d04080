import type { EventKey } from '@hatchet-ts/storage/durable';

/** Which events and runs durable tasks wait for: so that nobody else's events and runs cost a question. */
export class Awaited {
  /** How often each was added, by tenant and key. */
  readonly #events = new Map<string, number>();
  readonly #runs = new Set<string>();

  /** To be called once the wait is committed, and before it is acknowledged. */
  addEvent(event: EventKey): void {
    this.#events.set(nameOf(event), this.additions(event) + 1);
  }

  /** 0: nobody waits for it. */
  additions(event: EventKey): number {
    return this.#events.get(nameOf(event)) ?? 0;
  }

  /** Nobody waited for the event at some moment; whoever has come since then still does. */
  forgetEvent(event: EventKey, additions: number): void {
    if (this.additions(event) === additions) this.#events.delete(nameOf(event));
  }

  /** To be called before the run can end. */
  addRun(runId: string): void {
    this.#runs.add(runId);
  }

  hasRun(runId: string): boolean {
    return this.#runs.has(runId);
  }

  /** To be called once the run has ended, and those who wait for it have its result. */
  forgetRun(runId: string): void {
    this.#runs.delete(runId);
  }
}

function nameOf({ tenantId, key }: EventKey): string {
  return `${tenantId} ${key}`;
}
