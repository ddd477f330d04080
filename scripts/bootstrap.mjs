// Runs `npm start`, `npm test` and the like on a machine with git, Node 20 and npm: installs pnpm, a newer Node and the
// dependencies, builds, and runs the target. Existing installations are reused, so later runs work offline.
import { fileURLToPath } from 'node:url';
import { installDependencies } from './dependencies.mjs';
import { checkMachine, projectNode } from './node.mjs';
import { findPnpm } from './pnpm.mjs';
import { BootstrapError, runStep, runTarget } from './subprocess.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [name, ...rest] = process.argv.slice(2);
const args = rest[0] === '--' ? rest.slice(1) : rest; // pnpm passes the separator on, npm does not
const VITEST = ['node_modules/vitest/vitest.mjs', 'run'];

const TARGETS = {
  start: { checks: [], run: ['apps/demo/src/start/main.ts'] },
  order: { checks: [], run: ['apps/demo/src/start/order-command.ts'] },
  test: { checks: args.length > 0 ? [] : ['lint', 'typecheck', 'unused'], run: VITEST }, // arguments select tests: no checks
  matrix: { checks: [], run: [...VITEST, '--config', 'e2e/matrix/vitest.config.ts'] },
  python: { checks: [], run: [...VITEST, '--config', 'e2e/python/vitest.config.ts'] },
  soak: { checks: [], run: [...VITEST, '--config', 'vitest.soak.config.ts'] },
};

try {
  const target = Object.hasOwn(TARGETS, name ?? '') ? TARGETS[name] : undefined;
  if (!target) throw new BootstrapError(`unknown target ${name}: expected one of ${Object.keys(TARGETS).join(', ')}`);
  checkMachine();
  const pnpm = await findPnpm(root);
  await installDependencies(root, pnpm);
  await runStep(root, 'building the packages', pnpm.command, ['run', 'build'], pnpm.env);
  for (const check of target.checks) {
    await runStep(root, `checking: ${check}`, pnpm.command, ['run', check], pnpm.env);
  }
  process.exitCode = await runTarget(root, projectNode(root), [...target.run, ...args], pnpm.env);
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error;
  console.error(`✗ ${error.message}`);
  process.exitCode = 1;
}
