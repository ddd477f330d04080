import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { bearerToken } from './bearer-token.ts';
import { settlesWithin, withDeadline } from './deadline.ts';
import { freePort } from './free-port.ts';
import { parseGoDuration } from './go-duration.ts';
import { nearestName } from './nearest-name.ts';
import { isUuid } from './uuid.ts';

const never = new Promise<never>(() => {});

describe('bearerToken', () => {
  it.each([
    ['Bearer abc.def', 'abc.def'],
    ['bearer   abc ', 'abc'],
    ['Basic abc', undefined],
    ['Bearer', undefined],
    ['Bearer a b', undefined],
    [undefined, undefined],
  ])('reads %j as %j', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });
});

describe('isUuid', () => {
  it.each([
    ['0b5c8c0e-7a58-4d3b-9f0e-1f2d3c4b5a69', true],
    ['0B5C8C0E-7A58-4D3B-9F0E-1F2D3C4B5A69', true],
    ['0b5c8c0e7a584d3b9f0e1f2d3c4b5a69', false],
    [' 0b5c8c0e-7a58-4d3b-9f0e-1f2d3c4b5a69', false],
    ['', false],
  ])('of %j is %j', (text, expected) => {
    expect(isUuid(text)).toBe(expected);
  });
});

describe('parseGoDuration', () => {
  it.each([
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['.5s', 500],
    ['250us', 0.25],
    ['1µs', 0.001],
    ['', undefined],
    ['5', undefined],
    ['5 s', undefined],
    ['5sx', undefined],
    ['x5s', undefined],
    ['-5s', undefined],
  ])('reads %j as %j ms', (text, millis) => {
    expect(parseGoDuration(text)).toBe(millis);
  });
});

describe('nearestName', () => {
  const known = ['payload', 'additional_metadata', 'SERVER_OTEL_COLLECTOR_URL', 'SERVER_OTEL_INSECURE'];

  it.each([
    ['payloda', 'payload'],
    ['metadata', 'additional_metadata'],
    ['SERVER_OTEL_URL', 'SERVER_OTEL_COLLECTOR_URL'],
    ['SERVER_OTEL_INSECUR', 'SERVER_OTEL_INSECURE'],
    ['zzz', undefined],
  ])('of %j is %j', (name, expected) => {
    expect(nearestName(name, known)).toBe(expected);
  });

  it('of anything is undefined if no name is known', () => {
    expect(nearestName('payload', [])).toBeUndefined();
  });
});

describe('withDeadline', () => {
  it('passes on the result and the rejection', async () => {
    await expect(withDeadline(Promise.resolve('done'), 10_000, () => new Error('late'))).resolves.toBe('done');
    const failing = Promise.reject(new Error('refused'));
    await expect(withDeadline(failing, 10_000, () => new Error('late'))).rejects.toThrow('refused');
  });

  it('rejects with the error of the deadline', async () => {
    await expect(withDeadline(never, 1, () => new Error('late'))).rejects.toThrow('late');
  });
});

describe('settlesWithin', () => {
  it('is true for a result and a rejection, and false at the deadline', async () => {
    await expect(settlesWithin(Promise.resolve(), 10_000)).resolves.toBe(true);
    await expect(settlesWithin(Promise.reject(new Error('refused')), 10_000)).resolves.toBe(true);
    await expect(settlesWithin(never, 1)).resolves.toBe(false);
  });
});

it('freePort returns a port that can be listened on', async () => {
  const server = createServer();
  const listening = Promise.withResolvers<void>();
  server.on('error', listening.reject).listen(await freePort(), '127.0.0.1', listening.resolve);
  await listening.promise;
  await new Promise((closed) => server.close(closed));
});
