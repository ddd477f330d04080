import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createPage, isPagePath } from './page.ts';
import { isLoopback } from './session.ts';

const session = { token: 'secret', tenantId: '707d0855-80ab-4e1f-a156-f1c4546cbf52' };
const url = (path: string) => `http://127.0.0.1:8080${path}`;

test.each(['/', '/runs/any', '/traces/any'])('%s is the page, which may load nothing from elsewhere', async (path) => {
  const response = await createPage({}).request(url(path));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
  expect(response.headers.get('cache-control')).toBe('no-cache');
  expect(await response.text()).toContain('<div id="page">');
});

test('its scripts keep for a year, as their names change with their content', async () => {
  const page = createPage({});
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await (await page.request(url('/'))).text())![1]!;
  const response = await page.request(url(script));
  expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(response.headers.get('cache-control')).toContain('immutable');
  expect(isPagePath(script)).toBe(true);
});

test('a page that is not built says how to', async () => {
  const folder = pathToFileURL(`${mkdtempSync(join(tmpdir(), 'page-'))}/nothing/`);
  const response = await createPage({ folder }).request(url('/'));
  expect(response.status).toBe(503);
  expect(await response.text()).toContain('npm run build');
});

describe('the session of a development server', () => {
  const ask = (headers: Record<string, string>, given: typeof session | undefined = session) =>
    createPage({ session: given }).request(url('/api/page/session'), {
      headers: { host: '127.0.0.1:8080', ...headers },
    });

  test('is for its own page', async () => {
    const response = await ask({ 'sec-fetch-site': 'same-origin' });
    expect(await response.json()).toEqual(session);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    ['another site that a browser has open', { 'sec-fetch-site': 'cross-site' }],
    ['another page of this machine', { 'sec-fetch-site': 'same-site' }],
    ['a name that resolves to this machine', { host: 'evil.example', 'sec-fetch-site': 'same-origin' }],
  ])('is not for %s', async (_, headers) => {
    expect((await ask(headers)).status).toBe(404);
  });

  test('is nowhere else', async () => {
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
