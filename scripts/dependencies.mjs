import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStep } from './subprocess.mjs';

/** Installs the lockfile's dependencies, unless the fingerprint is that of the last installation. */
export async function installDependencies(root, pnpm) {
  const stamp = join(root, 'node_modules', '.installed');
  const expected = fingerprint(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === expected) return;
  const args = ['install', '--frozen-lockfile', '--prefer-offline'];
  await runStep(root, 'installing the dependencies', pnpm.command, args, pnpm.env);
  writeFileSync(stamp, expected);
}

/** Hashes the manifests, the lockfile and the platform. */
export function fingerprint(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests(root)]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function manifests(root) {
  const folders = ['packages', 'apps'].flatMap((parent) =>
    existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map((name) => join(parent, name)) : [],
  );
  return ['.', 'e2e', 'bench', ...folders]
    .map((folder) => join(folder, 'package.json'))
    .filter((file) => existsSync(join(root, file)))
    .sort();
}
