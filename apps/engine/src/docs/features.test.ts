import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FEATURES } from './features.ts';
import { featuresPage } from './features-page.ts';

test('the page on the engine’s features is generated from the code’s tables by `pnpm run docs`', () => {
  const page = readFileSync(new URL('../../../../docs/engine-features.md', import.meta.url), 'utf8');
  expect(page).toBe(featuresPage());
});

test('it names every unsupported feature and every unimplemented method', () => {
  const page = featuresPage();
  for (const text of ['rate limits', 'sticky assignment', '`WorkflowService/PutRateLimit`', '`Dispatcher/Listen`']) {
    expect(page).toContain(`| ${text}`);
  }
  expect(page).not.toContain('`Dispatcher/ListenV2`');
});

test.each(FEATURES.flatMap(({ feature, tests }) => tests.map((file) => [feature, file])))(
  '%s is tested in %s',
  (_, file) => {
    expect(existsSync(new URL(`../${file}`, import.meta.url))).toBe(true);
  },
);
