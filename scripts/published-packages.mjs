import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Folders and manifests of the published packages. */
export const PUBLISHED = readdirSync(join(root, 'packages'))
  .map((name) => join(root, 'packages', name))
  .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }))
  .filter(({ manifest }) => !manifest.private && manifest.exports);

/** Packs a package as for publishing, calls `work` with the tarball, and removes it. */
export function withTarball({ folder }, work) {
  const target = mkdtempSync(join(tmpdir(), 'hatchet-pack-'));
  try {
    execFileSync('pnpm', ['pack', '--pack-destination', target], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return work(join(target, readdirSync(target)[0]));
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

/** Lists the public declarations of a package: each entry with the files it re-exports from, without comments. */
export function apiReport({ folder, manifest }) {
  const entries = Object.entries(manifest.exports).filter(([, target]) => target.import?.types);
  return entries
    .map(([entry, target]) => {
      const files = declarations(join(folder, target.import.types));
      return [`# ${join(manifest.name, entry)}`, ...files.values()].join('\n\n');
    })
    .join('\n\n')
    .concat('\n');
}

function declarations(path, found = new Map()) {
  if (found.has(path)) return found;
  const text = readFileSync(path, 'utf8');
  found.set(path, normalize(text));
  for (const [, beside] of text.matchAll(/from "(\.\/[^"]+)\.mjs"/g))
    declarations(join(path, '..', `${beside}.d.mts`), found);
  return found;
}

// removes comments, and the content hash in the name of a chunk
function normalize(text) {
  return text
    .replace(/\/\*\*.*?\*\//gs, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/(from "\.\/[^"]+?)-[\w-]{8}\.mjs"/g, '$1.mjs"')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join('\n');
}
