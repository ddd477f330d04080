import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isLoopback } from './development-session.ts';
import { createPage, isPagePath } from './page.ts';

const session = { token: 'secret', tenantId: '707d0855-80ab-4e1f-a156-f1c4546cbf52' };
const url = (path: string) => `http://127.0.0.1:8080${path}`;

test.each(['/', '/runs/any', '/traces/any'])(
  '%s is the page, which may load nothing from other sites',
  async (path) => {
    const response = await createPage({}).request(url(path));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.text()).toContain('<div id="page">');
  },
);

/** Headers that secureHeaders sets on every answer for the page. */
const POLICY = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

test('the page, its files and its session have these headers and no others', async () => {
  const page = createPage({ session });
  const headers = async (path: string, more: Record<string, string> = {}) => {
    const response = await page.request(url(path), { headers: { host: '127.0.0.1:8080', ...more } });
    return Object.fromEntries(response.headers);
  };
  expect(await headers('/')).toEqual({
    ...POLICY,
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
  });
  expect(await headers('/favicon.svg')).toEqual({
    ...POLICY,
    'content-type': 'image/svg+xml',
    'cache-control': 'no-cache',
  });
  expect(await headers('/api/page/session')).toEqual({
    ...POLICY,
    'content-type': 'application/json',
    'cache-control': 'no-store',
  });
  expect(await headers('/api/page/session', { host: 'evil.example' })).toEqual({ 'content-type': 'application/json' });
});

test('scripts are cached for a year, because their names change with their content', async () => {
  const page = createPage({});
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await (await page.request(url('/'))).text())![1]!;
  const response = await page.request(url(script));
  expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(response.headers.get('cache-control')).toContain('immutable');
  expect(isPagePath(script)).toBe(true);
});

test('a page that is not built answers 503 with the command that builds it', async () => {
  const folder = pathToFileURL(`${mkdtempSync(join(tmpdir(), 'page-'))}/nothing/`);
  const response = await createPage({ folder }).request(url('/'));
  expect(response.status).toBe(503);
  expect(await response.text()).toContain('npm run build');
});

describe('the session of a development server', () => {
  const request = (headers: Record<string, string>, given: typeof session | undefined = session) =>
    createPage({ session: given }).request(url('/api/page/session'), {
      headers: { host: '127.0.0.1:8080', ...headers },
    });

  test('is given to its own page', async () => {
    const response = await request({ 'sec-fetch-site': 'same-origin' });
    expect(await response.json()).toEqual(session);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    ['another site in the same browser', { 'sec-fetch-site': 'cross-site' }],
    ['another page on this machine', { 'sec-fetch-site': 'same-site' }],
    ['a name that resolves to this machine', { host: 'evil.example', 'sec-fetch-site': 'same-origin' }],
  ])('is refused to %s', async (_, headers) => {
    expect((await request(headers)).status).toBe(404);
  });

  test('is refused by a server without one', async () => {
    const response = await createPage({}).request(url('/api/page/session'), { headers: { host: '127.0.0.1:8080' } });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ errors: [{ description: expect.stringContaining('API token') }] });
  });
});

test.each([
  ['127.0.0.1', true],
  ['localhost:8080', true],
  ['::1', true],
  ['[::1]:8080', true],
  ['0.0.0.0', false],
  ['localhost.evil.example', false],
])('%s is loopback: %s', (host, is) => expect(isLoopback(host)).toBe(is));
