// Releases what the changesets describe: `pnpm run release`, or `pnpm run release --dry-run`, which publishes nothing
// and leaves the versions as they are. The published packages are checked by `npm test` (published-packages.test.mjs).
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const isDry = process.argv.includes('--dry-run');

const run = (program, ...args) => {
  console.log(`$ ${[program, ...args].join(' ')}`);
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

if (isDry) {
  run('pnpm', 'exec', 'changeset', 'status');
} else {
  // Versions and change logs are a commit of their own, made and reviewed before: `pnpm exec changeset version`.
  const changed = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
  if (changed !== '') throw new Error(`Release from a clean checkout; this one has changes:\n${changed}`);
}
run('pnpm', 'run', 'build');
run('pnpm', 'exec', 'vitest', 'run', '--project', 'scripts');
run('pnpm', '--recursive', 'publish', '--access', 'public', ...(isDry ? ['--dry-run', '--no-git-checks'] : []));
if (!isDry) run('pnpm', 'exec', 'changeset', 'tag');
