import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../harness/run-command.ts';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGE = join(ROOT, 'packages/sdk-otel');
/** Downloads of earlier runs. */
export const CACHE: string = join(ROOT, '.cache/matrix');

/** sdk-otel as published. */
export interface Packed {
  /** file to install */
  readonly tarball: string;
  /** folder with its content */
  readonly folder: string;
  /** hash of its package.json, which determines the packages installed with it */
  readonly fingerprint: string;
}

/** Packs the result of `npm run build`. */
export async function pack(): Promise<Packed> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'packed-'));
  try {
    await runCommand('pnpm', ['pack', '--pack-destination', folder], { cwd: PACKAGE });
    const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string };
    const tarball = join(CACHE, `hatchet-ts-sdk-otel-${version}.tgz`);
    cpSync(join(folder, `hatchet-ts-sdk-otel-${version}.tgz`), tarball);
    const content = join(CACHE, 'packed');
    rmSync(content, { recursive: true, force: true });
    mkdirSync(content);
    await runCommand('tar', ['xzf', tarball, '-C', content, '--strip-components=1'], { cwd: CACHE });
    const manifest = readFileSync(join(content, 'package.json'));
    return { tarball, folder: content, fingerprint: createHash('sha256').update(manifest).digest('hex') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
