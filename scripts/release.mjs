// Publishes the versions in the manifests: `pnpm run release`. With `--dry-run` it publishes nothing and changes nothing.
// Versions and change logs are a commit of their own, made and reviewed before: `pnpm exec changeset version`.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PUBLISHED } from './published-packages.mjs';

const root = join(import.meta.dirname, '..');
const isDryRun = process.argv.includes('--dry-run');
const { GITHUB_REPOSITORY, ACTIONS_ID_TOKEN_REQUEST_URL } = process.env;

const run = (program, ...args) => {
  console.log(`$ ${[program, ...args].join(' ')}`);
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

if (isDryRun) {
  run('pnpm', 'exec', 'changeset', 'status');
} else {
  const changes = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
  if (changes !== '') throw new Error(`the checkout has changes; release from a clean one:\n${changes}`);
}
run('pnpm', 'run', 'build');
run('pnpm', 'exec', 'vitest', 'run', '--project', 'scripts');
if (!isDryRun && GITHUB_REPOSITORY) nameRepository(`https://github.com/${GITHUB_REPOSITORY}`);
run('pnpm', '--recursive', 'publish', '--access', 'public', '--no-git-checks', ...publishFlags());
if (!isDryRun) run('pnpm', 'exec', 'changeset', 'tag');

function publishFlags() {
  if (isDryRun) return ['--dry-run'];
  return ACTIONS_ID_TOKEN_REQUEST_URL ? ['--provenance'] : []; // provenance exists only for a build on CI
}

/** Adds the repository to the manifests: npm rejects a provenance whose repository the manifest does not name. */
function nameRepository(url) {
  for (const { folder, manifest } of PUBLISHED) {
    const repository = { type: 'git', url: `git+${url}.git`, directory: folder.slice(root.length + 1) };
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ ...manifest, repository }, null, 2)}\n`);
  }
}
