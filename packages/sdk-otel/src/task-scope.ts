import { type Attributes, type Context, createContextKey } from '@opentelemetry/api';
import type { Metadata } from './carrier.ts';

/** What the code inside a task can know of it. It may live as long as anything that the task made: it holds no payload. */
export interface TaskScope {
  /** the metadata that the task received, as far as they are about context */
  readonly metadata: Metadata;
  /** which task it is, for the spans that start inside */
  identity(): Attributes;
}

/** The task around the current code. */
export function scopeOf(context: Context): TaskScope | undefined {
  return context.getValue(SCOPE) as TaskScope | undefined;
}

export function withScope(context: Context, scope: TaskScope): Context {
  return new ScopedContext(context, scope);
}

const SCOPE = createContextKey('@hatchet-ts/sdk-otel task');

// A context of the API copies all its values for one more; this is made for every task.
class ScopedContext implements Context {
  readonly #context: Context;
  readonly #scope: TaskScope;

  constructor(context: Context, scope: TaskScope) {
    this.#context = context;
    this.#scope = scope;
  }

  getValue(key: symbol): unknown {
    return key === SCOPE ? this.#scope : this.#context.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    const context = this.#context.setValue(key, value);
    return key === SCOPE ? context : new ScopedContext(context, this.#scope);
  }

  deleteValue(key: symbol): Context {
    return key === SCOPE ? this.#context : new ScopedContext(this.#context.deleteValue(key), this.#scope);
  }
}
