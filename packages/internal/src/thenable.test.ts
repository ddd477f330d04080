import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isThenable, whenSettled } from './thenable.ts';

/** A query that runs with each call of `then`, like those of knex. */
class LazyQuery {
  runs = 0;
  readonly #fails: boolean;

  constructor(fails = false) {
    this.#fails = fails;
  }

  // biome-ignore lint/suspicious/noThenProperty: this is what makes it lazy
  then(resolve: (value: string) => unknown, reject: (reason: Error) => unknown): unknown {
    this.runs++;
    return this.#fails ? reject(new RangeError('refused')) : resolve('rows');
  }
}

describe('isThenable', () => {
  it.each([
    ['a promise', Promise.resolve(), true],
    ['a promise of another realm', runInNewContext('Promise.resolve()'), true],
    ['a lazy query', new LazyQuery(), true],
    // biome-ignore lint/suspicious/noThenProperty: see above
    ['a function with then', Object.assign(() => {}, { then: () => {} }), true],
    // biome-ignore lint/suspicious/noThenProperty: see above
    ['a field named then', { then: 1 }, false],
    ['a text', 'then', false],
    ['null', null, false],
    ['undefined', undefined, false],
    [
      'an object whose getter throws',
      {
        // biome-ignore lint/suspicious/noThenProperty: see above
        get then() {
          throw new Error('not readable');
        },
      },
      false,
    ],
  ])('of %s', (_kind, value, expected) => {
    expect(isThenable(value)).toBe(expected);
  });
});

describe('whenSettled', () => {
  const seen: unknown[] = [];
  const settle = <T>(thenable: PromiseLike<T>) => {
    seen.length = 0;
    return whenSettled(
      thenable,
      (value) => seen.push(value),
      (reason) => seen.push(reason),
    );
  };

  it('runs a lazy query once, however often its result is awaited', async () => {
    const query = new LazyQuery();
    const result = settle(query as PromiseLike<string>);
    expect(await Promise.all([result, result])).toEqual(['rows', 'rows']);
    expect(query.runs).toBe(1);
    expect(seen).toEqual(['rows']);
  });

  it.each<[string, () => PromiseLike<unknown>]>([
    ['a promise', () => Promise.reject(new RangeError('refused'))],
    ['a promise of another realm', () => runInNewContext('Promise.reject(new RangeError("refused"))')],
    ['a lazy query', () => new LazyQuery(true) as PromiseLike<unknown>],
    [
      'a thenable that throws',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: see above
        then() {
          throw new RangeError('refused');
        },
      }),
    ],
  ])('passes the error of %s on', async (_kind, start) => {
    await expect(settle(start())).rejects.toMatchObject({ name: 'RangeError', message: 'refused' });
    expect(seen).toMatchObject([{ message: 'refused' }]);
  });
});
