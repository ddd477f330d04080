import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { installPackages, mayInstall } from '../docker/debian-packages.ts';

const PATHS = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * Starts a headless browser. On Debian as root, installs one if it is missing.
 *
 * @throws Error with the remedy if there is no browser and none may be installed
 */
export async function startBrowser(): Promise<Browser> {
  if (!findBrowser()) {
    if (!mayInstall()) {
      throw new Error('the page tests need Chromium or Chrome: install one, or set CHROMIUM_PATH to its path');
    }
    await installPackages('chromium');
  }
  // the sandbox does not work for root; the pages are our own
  return chromium.launch({ executablePath: findBrowser()!, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

function findBrowser(): string | undefined {
  return PATHS.find((path) => path && existsSync(path));
}
