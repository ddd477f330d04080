import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { guard } from '../call/guard.ts';

/** Package whose classes are patched. */
export const SDK_PACKAGE = '@hatchet-dev/typescript-sdk';
/** Supported releases of the SDK; `npm run test:matrix` runs the oldest, the newest and one between. */
export const SUPPORTED_SDK = '>=1.18.0 <2';

/** File of the SDK in the module cache. */
export interface LoadedFile {
  readonly exports: unknown;
  /** Undefined if its package.json cannot be read. */
  readonly version: string | undefined;
}

/**
 * Returns the exports of an already loaded file of the SDK, for each copy of the SDK in the process. The SDK is CommonJS,
 * so the module cache has it whether the application imported or required it.
 */
export function loadedFiles(file: string): LoadedFile[] {
  const ending = `/${SDK_PACKAGE}/${file}`;
  const { cache } = createRequire(process.execPath);
  const found: LoadedFile[] = [];
  for (const path in cache) {
    if (!path.replaceAll('\\', '/').endsWith(ending)) continue;
    const loaded = cache[path];
    if (loaded?.loaded) found.push({ exports: loaded.exports, version: versionIn(path.slice(0, -file.length)) });
  }
  return found;
}

/** Reports if the patches support this release; a prerelease counts as its release. */
export function isSupportedSdk(version: string | undefined): boolean {
  const [major = Number.NaN, minor = 0] = (version ?? '').split('.').map(Number.parseFloat);
  return major === OLDEST[0] && minor >= OLDEST[1];
}

const OLDEST = SUPPORTED_SDK.slice(2).split('.').map(Number) as [number, number];

function versionIn(directory: string): string | undefined {
  return guard('reading the version of the SDK', () => {
    const manifest: unknown = JSON.parse(readFileSync(`${directory}package.json`, 'utf8'));
    return String((manifest as { version?: unknown }).version);
  });
}
