import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import {
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import type { Client, Pool } from 'pg';
import { SCOPE } from '../process-telemetry.ts';
import type { Pools } from './connection-metrics.ts';
import type { EndQuery, QueryRecorder } from './query-recorder.ts';

/** Destination of the patches. It changes when telemetry is started again; modules are patched only once. */
export interface PgPatchTarget {
  readonly pools: Pools;
  recorder: QueryRecorder | undefined;
}

/** Patches `query` of pg's clients and `connect` of its pools when the modules are loaded. */
export class PgPatches extends InstrumentationBase {
  readonly #patched = new WeakSet<object>();
  #target: PgPatchTarget | undefined;

  constructor(target: PgPatchTarget) {
    // Enabled below, once the fields are there.
    super(SCOPE.name, SCOPE.version, { enabled: false });
    this.#target = target;
    this.enable();
  }

  protected init(): InstrumentationNodeModuleDefinition[] {
    const patchClientFile = (exports: Exported<typeof Client>) => this.#patchClient(exports);
    return [
      new InstrumentationNodeModuleDefinition(
        'pg',
        PG_VERSIONS,
        (exports: Exported<{ Client: typeof Client }>) => {
          this.#patchClient(contentOf(exports).Client);
          return exports;
        },
        undefined,
        ['pg/lib/client.js', 'pg/lib/native/client.js'].map(
          (file) => new InstrumentationNodeModuleFile(file, PG_VERSIONS, patchClientFile, () => {}),
        ),
      ),
      new InstrumentationNodeModuleDefinition('pg-pool', POOL_VERSIONS, (exports: Exported<typeof Pool>) => {
        this.#patchOnce(contentOf(exports).prototype, (pool) => {
          pool.connect = connectInContext(pool.connect, (used) => this.#target?.pools.add(used)) as Pool['connect'];
        });
        return exports;
      }),
    ];
  }

  #patchClient(exports: Exported<typeof Client>): Exported<typeof Client> {
    this.#patchOnce(contentOf(exports).prototype, (client) => {
      client.query = recordQueries(client.query as Query, () => this.#target?.recorder) as Client['query'];
    });
    return exports;
  }

  /** Several definitions reach the same class: the package and its file. */
  #patchOnce<T extends object>(prototype: T, patch: (prototype: T) => void): void {
    if (this.#patched.has(prototype)) return;
    this.#patched.add(prototype);
    patch(prototype);
  }
}

const PG_VERSIONS = ['>=8.0.3 <9'];
const POOL_VERSIONS = ['>=2.0.0 <4'];

/** An ES module has the exports of a CommonJS module as its default. */
type Exported<T> = T | { readonly default: T };

function contentOf<T>(exports: Exported<T>): T {
  const isModule = (exports as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'Module';
  return isModule ? (exports as { default: T }).default : (exports as T);
}

type Query = (this: Client, ...args: unknown[]) => unknown;
type Callback = (this: unknown, error: unknown, ...results: unknown[]) => void;

/** Wraps `client.query`: a text, a configuration or an object that submits itself; then values; then a callback. */
function recordQueries(query: Query, recorder: () => QueryRecorder | undefined): Query {
  return function queryRecorded(...args) {
    const [config, values] = args;
    if (config === null || config === undefined) return query.apply(this, args); // pg throws
    if (hasMethod(config, 'submit')) {
      // A native query has no such method, and is not recorded.
      const end = hasMethod(config, 'handleReadyForQuery') ? recorder()?.start(this, config, values) : undefined;
      if (end !== undefined) watchMessages(config as MessageHandler, end);
      return callAndEnd(query, this, replaceCallback(args, (callback) => inCallersContext(callback)) ?? args, end);
    }
    const end = recorder()?.start(this, config, values);
    const withCallback = replaceCallback(args, (callback) => inCallersContext(callback, end));
    if (withCallback !== undefined) return callAndEnd(query, this, withCallback, end);
    const result = callAndEnd(query, this, args, end) as Promise<unknown>;
    if (end === undefined) return result;
    // The derived promise, so that Node.js still reports an unhandled rejection.
    return result.then(
      (value) => {
        end();
        return value;
      },
      (error: unknown) => {
        end(error);
        throw error;
      },
    );
  };
}

/** Makes the call; if it throws, it has ended. */
function callAndEnd(query: Query, client: Client, args: unknown[], end: EndQuery | undefined): unknown {
  try {
    return query.apply(client, args);
  } catch (error) {
    end?.(error);
    throw error;
  }
}

/** Returns the arguments of `client.query` with another callback; undefined if they have none. */
function replaceCallback(args: unknown[], replace: (callback: Callback) => Callback): unknown[] | undefined {
  const [config, values, callback] = args;
  if (typeof callback === 'function') return [config, values, replace(callback as Callback)];
  if (typeof values === 'function') return [config, replace(values as Callback)];
  if (typeof config !== 'object' || hasMethod(config, 'submit') || !hasMethod(config, 'callback')) return undefined;
  const own = Object.getOwnPropertyDescriptors(config) as PropertyDescriptorMap;
  const value = replace((config as { callback: Callback }).callback);
  const copy = { ...own, callback: { configurable: true, enumerable: true, writable: true, value } };
  return [Object.create(Object.getPrototypeOf(config) as object | null, copy), values];
}

/** pg calls back in the context of the connection's socket, which belongs to another call. */
function inCallersContext(callback: Callback, end?: EndQuery): Callback {
  const active = context.active();
  if (end === undefined && active === ROOT_CONTEXT) return callback;
  return function boundCallback(...args) {
    end?.(args[0]);
    return context.with(active, callback, this, ...args);
  };
}

/** Object that pg sends the messages of its query: a `pg.Query`, a cursor, a stream. */
interface MessageHandler {
  handleError(...args: unknown[]): unknown;
  handleReadyForQuery(...args: unknown[]): unknown;
}

/** Calls `end` with the message that ends a query. The object has its own methods again afterwards. */
function watchMessages(handler: MessageHandler, end: EndQuery): void {
  const restore: Array<() => void> = [];
  const watch = (method: keyof MessageHandler, endBy: (argument: unknown) => void) => {
    const own = Object.getOwnPropertyDescriptor(handler, method);
    const original = handler[method];
    const value: MessageHandler[typeof method] = function watched(this: unknown, ...args) {
      for (const undo of restore.splice(0)) undo();
      endBy(args[0]);
      return original.apply(this, args);
    };
    if (!Reflect.defineProperty(handler, method, { configurable: true, writable: true, enumerable: false, value }))
      return;
    restore.push(() => {
      if (own === undefined) Reflect.deleteProperty(handler, method);
      else Reflect.defineProperty(handler, method, own);
    });
  };
  watch('handleError', (error) => end(error));
  watch('handleReadyForQuery', () => end());
}

function hasMethod(value: unknown, method: string): boolean {
  return typeof (value as Record<string, unknown>)[method] === 'function';
}

type Connect = (callback?: (...results: unknown[]) => void) => unknown;

/**
 * Wraps `pool.connect`. A query that waits for a connection starts when another one releases it, in the context of that
 * other one, unless the waiting callback is bound to its own.
 */
function connectInContext(connect: unknown, onUse: (pool: Pool) => void): Connect {
  return function connectBound(this: Pool, callback) {
    onUse(this);
    const active = context.active();
    const bound = callback && ((...results: unknown[]) => context.with(active, callback, undefined, ...results));
    return (connect as Connect).call(this, bound);
  };
}
