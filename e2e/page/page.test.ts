import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { HatchetClient } from '@hatchet-dev/typescript-sdk/v1/index.js';
import { storeSpans } from '@hatchet-ts/storage/traces';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBrowser } from '../browser/chromium.ts';
import { Deployment } from '../harness/deployment.ts';
import { endedRuns, traceIdOf, trigger } from '../harness/rest.ts';
import { startService } from '../harness/service.ts';
import { suite } from '../harness/suite.ts';
import { hostileSpan, manyChildren, manySpans } from './spans.ts';

const { folder, use } = suite();
const SCREENSHOTS = join(import.meta.dirname, '../../artifacts/screenshots');
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser: Browser;
let deployment: Deployment;
let runId: string;
let traceId: string;

beforeAll(async () => {
  await mkdir(SCREENSHOTS, { recursive: true });
  browser = await startBrowser();
  deployment = use(await Deployment.start({ folder, storesOwnTraces: true }));
  use(
    await startService({
      name: 'order-worker',
      entry: join(import.meta.dirname, '../../apps/demo/src/sample/worker.ts'),
      env: {
        ...deployment.clientEnvironment,
        OTEL_SERVICE_NAME: 'order-worker',
        OTEL_TRACES_EXPORTER: 'hatchet',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_BSP_SCHEDULE_DELAY: '200',
      },
      folder,
    }),
  );
  runId = await trigger(deployment, { workflowName: 'order', input: { orderId: 'A-1', items: ['book', 'lamp'] } });
  traceId = await traceIdOf(deployment, runId);
  await endedRuns(deployment, traceId);
});
afterAll(() => browser?.close());

describe('the page in a browser', () => {
  let context: BrowserContext;
  let page: Page;
  /** Requests to other hosts, violations of the page's policy, and errors. */
  let violations: string[];

  async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    page = await context.newPage();
    violations = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(url('')) && !request.url().startsWith('data:')) violations.push(request.url());
      if (request.url().includes(deployment.token)) violations.push('a token in an address');
    });
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) violations.push(message.text());
    });
    page.on('pageerror', (error) => violations.push(String(error)));
    page.on('dialog', (dialog) => {
      violations.push('a dialog');
      void dialog.dismiss();
    });
  }

  beforeEach(() => open());
  afterEach(async () => {
    expect(violations).toEqual([]);
    await context.close();
  });

  const url = (path: string) => `http://${deployment.apiAddress}${path}`;
  const rows = () => page.locator('[role=treegrid] [role=row].row');
  const screenshot = (name: string) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  const accessibilityViolations = async () => {
    // evaluated, because the page's policy refuses a script element
    await page.evaluate(await readFile(AXE, 'utf8'));
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
      return (await axe.run()).violations.map(({ id }) => id);
    });
  };

  it('lists runs without asking for a token, and opens the trace of one', async () => {
    await page.goto(url('/'));
    await page.getByRole('link', { name: /order/ }).first().click();
    await rows().first().waitFor();
    await page.getByText('order/charge').first().waitFor();
    expect(new URL(page.url()).pathname).toBe(`/runs/${runId}`);
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('eyJ');
    await screenshot('trace-light');
    expect(await accessibilityViolations()).toEqual([]);
  });

  it('finds a run by its id and by its trace id', async () => {
    for (const id of [runId, traceId]) {
      await page.goto(url('/'));
      await page.locator('#search').fill(id);
      await page.locator('#search').press('Enter');
      await page.getByText('order').first().waitFor();
      await page.goto(url(id === runId ? `/runs/${id}` : `/traces/${id}`));
      await rows().first().waitFor();
    }
  });

  it('shows a run that starts while the page is open, without a reload', async () => {
    await page.goto(url('/'));
    await page.getByRole('link', { name: /order/ }).first().waitFor();
    const before = await page.getByRole('link', { name: /order/ }).count();
    await page.waitForTimeout(1_500); // a run counts as new only after the first listing
    await trigger(deployment, { workflowName: 'order', input: { orderId: 'A-2', items: ['vase'] } });
    await expect.poll(() => page.getByRole('link', { name: /order/ }).count(), { timeout: 20_000 }).toBe(before + 1);
  });

  it('adds spans while a run is going on', async () => {
    const next = await trigger(deployment, { workflowName: 'order', input: { orderId: 'A-3', items: ['book'] } });
    await page.goto(url(`/runs/${next}`));
    await page.getByText('order/fulfil').first().waitFor({ timeout: 30_000 });
    await page.getByText('notify').first().waitFor({ timeout: 30_000 });
  });

  it('works by keyboard alone, lists its keys, and keeps its state in the URL', async () => {
    await page.goto(url(`/runs/${runId}`));
    await rows().first().waitFor();
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[role=treegrid]').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => new URL(page.url()).searchParams.get('span')).toBeTruthy();
    const address = page.url();
    const selected = await page.locator('.row.selected').textContent();
    await page.reload();
    await page.locator('.row.selected').waitFor();
    expect(page.url()).toBe(address);
    expect(await page.locator('.row.selected').textContent()).toBe(selected);
  });

  it('keeps hostile text as text', async () => {
    const id = randomBytes(16).toString('hex');
    await storeSpans(deployment.database, { scope: 'tenant', tenantId: deployment.tenantId }, [hostileSpan(id)]);
    await page.goto(url(`/traces/${id}`));
    await rows().first().waitFor();
    await rows().first().click();
    await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
    expect(await page.locator('img[src=x], script:not([src])').count()).toBe(0);
    await screenshot('hostile');
  });

  it('opens 10,000 spans, and renders only the visible rows', async () => {
    const id = randomBytes(16).toString('hex');
    const spans = manySpans(id, 10_000);
    for (let start = 0; start < spans.length; start += 1_000) {
      const owner = { scope: 'tenant', tenantId: deployment.tenantId } as const;
      await storeSpans(deployment.database, owner, spans.slice(start, start + 1_000));
    }
    const began = performance.now();
    await page.goto(url(`/traces/${id}`));
    await rows().first().waitFor();
    console.log(`first rows of 10,000 spans after ${Math.round(performance.now() - began)} ms`);
    await page.getByText('10,000').first().waitFor();
    expect(await rows().count()).toBeLessThan(200);
  });

  it('says that no worker took a run, and shows its wait', async () => {
    const hatchet = HatchetClient.init({
      token: deployment.token,
      tls_config: { tls_strategy: 'none' },
      log_level: 'OFF',
    });
    // registered, but its worker does not start
    const unattended = hatchet.task({ name: 'unattended', scheduleTimeout: '1s', fn: () => ({}) });
    await hatchet.worker('no-worker', { workflows: [unattended] });
    const run = await trigger(deployment, { workflowName: 'unattended', input: {} });
    await page.goto(url(`/runs/${run}`));
    const reason = page.getByText('No worker took it within its schedule timeout of 1s.');
    await reason.waitFor({ timeout: 30_000 });
    await page.locator('.bar.waiting').first().waitFor({ timeout: 30_000 });
    const shares = (await page.locator('.share-text').allTextContents()).join();
    expect(shares).toMatch(/1\.\d+ s waiting/);
    expect(shares).not.toContain('between');
    expect(await page.locator('.toolbar .errors').textContent()).toContain('1 error');
    expect(await page.locator('.stream').textContent()).toBe('');
    await screenshot('not-scheduled');
    await page.goto(url('/'));
    const listed = page.getByRole('row').filter({ hasText: 'unattended' });
    await listed.getByText('No worker').waitFor();
    expect(await listed.locator('[data-label=Errors]').textContent()).toBe('1');
    await screenshot('not-scheduled-list');
  });

  it('folds many equal children, and finds the slowest with one key', async () => {
    const id = randomBytes(16).toString('hex');
    await storeSpans(deployment.database, { scope: 'tenant', tenantId: deployment.tenantId }, manyChildren(id, 190));
    await page.goto(url(`/traces/${id}`));
    const group = rows().filter({ hasText: '×190' });
    await group.getByText('slowest 1.20 s').waitFor();
    expect(await rows().count()).toBe(2);
    await screenshot('many-children');
    await group.click();
    await page.keyboard.press('s');
    await page.locator('.row.selected .duration').getByText('1.20 s').waitFor();
    await screenshot('slowest-child');
  });

  it('downloads more spans than it shows', async () => {
    const id = randomBytes(16).toString('hex');
    const owner = { scope: 'tenant', tenantId: deployment.tenantId } as const;
    const spans = manySpans(id, 10_050);
    for (let start = 0; start < spans.length; start += 1_000) {
      await storeSpans(deployment.database, owner, spans.slice(start, start + 1_000));
    }
    await page.goto(url(`/traces/${id}`));
    await page.getByText('The download has all of them').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    expect(text.match(/"spanId":/g)).toHaveLength(10_050);
  });

  it.each([
    ['dark', { colorScheme: 'dark' as const }],
    ['phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
  ])('is accessible: %s', async (name, options) => {
    await context.close();
    await open(options);
    await page.goto(url(`/runs/${runId}`));
    await rows().first().waitFor();
    await screenshot(`trace-${name}`);
    expect(await accessibilityViolations()).toEqual([]);
  });

  it('explains what to do about an unknown run, and about a refused token', async () => {
    await page.goto(url(`/runs/${randomUUID()}`));
    await page.locator('.message h2').first().waitFor();
    await screenshot('not-found');
    const forged = `e30.${Buffer.from(JSON.stringify({ sub: deployment.tenantId })).toString('base64url')}.x`;
    await page.evaluate((token) => sessionStorage.setItem('hatchet-token', token), forged);
    await page.goto(url('/'));
    await page.getByText('This token is not accepted').waitFor();
    await screenshot('not-allowed');
    await page.getByRole('button', { name: 'Enter another token' }).click();
    await page.locator('#token').fill(deployment.token);
    await page.locator('#token').press('Enter');
    await page.getByRole('link', { name: /order/ }).first().waitFor();
  });
});
