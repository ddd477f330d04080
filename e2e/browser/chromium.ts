import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { installPackages, mayInstall } from '../docker/debian.ts';

const PLACES = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * A browser without a window: one that is there, or on Debian as root one that is installed.
 *
 * @throws Error that says what to install, when there is none and none may be installed
 */
export async function startBrowser(): Promise<Browser> {
  if (!found()) {
    if (!mayInstall()) {
      throw new Error('the tests of the page need Chromium or Chrome: install one, or set CHROMIUM_PATH to it');
    }
    await installPackages('chromium');
  }
  // Root has no sandbox; the pages are our own.
  return chromium.launch({ executablePath: found()!, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

function found(): string | undefined {
  return PLACES.find((path) => path && existsSync(path));
}
