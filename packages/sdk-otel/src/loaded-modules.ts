import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { guarded } from './guard.ts';

/** The package whose classes are patched. */
export const SDK_PACKAGE = '@hatchet-dev/typescript-sdk';
/** The SDK's releases that the patches fit. */
export const SUPPORTED_SDK = '>=1.33.0 <2';

/**
 * The exports of a file of the SDK that is loaded already, once for each copy of the SDK in the process. The SDK is
 * CommonJS: the module cache has it, whether the application imported or required it.
 */
export function loadedExports(file: string): unknown[] {
  const ending = `/${SDK_PACKAGE}/${file}`;
  const { cache } = createRequire(process.execPath);
  const found: unknown[] = [];
  for (const path in cache) {
    if (!path.replaceAll('\\', '/').endsWith(ending) || !isSupported(path.slice(0, -file.length))) continue;
    const loaded = cache[path];
    if (loaded?.loaded) found.push(loaded.exports);
  }
  return found;
}

function isSupported(directory: string): boolean {
  const version = guarded('reading the version of the SDK', () => {
    const manifest: unknown = JSON.parse(readFileSync(`${directory}package.json`, 'utf8'));
    return String((manifest as { version?: unknown }).version);
  });
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  return Number(major) === 1 && Number(minor) >= 33;
}
