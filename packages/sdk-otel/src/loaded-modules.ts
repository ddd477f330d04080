import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { guarded } from './guard.ts';

/** The package whose classes are patched. */
export const SDK_PACKAGE = '@hatchet-dev/typescript-sdk';
/** The SDK's releases that the patches fit; `npm run test:matrix` runs the first of them, one between and the newest. */
export const SUPPORTED_SDK = '>=1.18.0 <2';

/** A file of the SDK that is in the module cache. */
export interface LoadedFile {
  readonly exports: unknown;
  /** undefined when its package.json cannot be read */
  readonly version: string | undefined;
}

/**
 * The exports of a file of the SDK that is loaded already, once for each copy of the SDK in the process. The SDK is
 * CommonJS: the module cache has it, whether the application imported or required it.
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

/** Whether the patches fit this release; a prerelease counts as the release that it precedes. */
export function isSupportedSdk(version: string | undefined): boolean {
  const [major = Number.NaN, minor = 0] = (version ?? '').split('.').map(Number.parseFloat);
  return major === OLDEST[0] && minor >= OLDEST[1];
}

const OLDEST = SUPPORTED_SDK.slice(2).split('.').map(Number) as [number, number];

function versionIn(directory: string): string | undefined {
  return guarded('reading the version of the SDK', () => {
    const manifest: unknown = JSON.parse(readFileSync(`${directory}package.json`, 'utf8'));
    return String((manifest as { version?: unknown }).version);
  });
}
