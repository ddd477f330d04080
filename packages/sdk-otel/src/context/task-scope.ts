import { type Attributes, type Context, createContextKey } from '@opentelemetry/api';
import type { Metadata } from './carrier.ts';

/** Facts about a task for the code inside it. Contains no payload: any object that the task creates may keep it alive. */
export interface TaskScope {
  /** Metadata that the task received. Parsed only if they contain a context, or a relation function needs them. */
  readonly metadata: Metadata;
  /** Attributes that identify the task, for the spans that start inside it. */
  identity(): Attributes;
}

/** Returns the task around the current code. */
export function scopeOf(context: Context): TaskScope | undefined {
  return context.getValue(SCOPE) as TaskScope | undefined;
}

export function withScope(context: Context, scope: TaskScope): Context {
  return new ScopedContext(context, scope);
}

const SCOPE = createContextKey('@hatchet-ts/sdk-otel task');

// The API's own context copies all values for each new one, which is too slow for every task.
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
