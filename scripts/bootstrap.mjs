// `npm start` and `npm test` on a machine that has git, Node 20 and npm: brings pnpm, a Node that is new enough and the
// dependencies, builds, and runs. What is there already is left alone, so that it works offline once installed.
import { fileURLToPath } from 'node:url';
import { installDependencies } from './dependencies.mjs';
import { checkMachine, projectNode } from './node.mjs';
import { findPnpm } from './pnpm.mjs';
import { handOver, StepFailed, step } from './step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [target, ...given] = process.argv.slice(2);
const args = given[0] === '--' ? given.slice(1) : given; // pnpm hands the separator on, npm does not

const TARGETS = {
  start: { checks: [], run: ['apps/demo/src/start/main.ts', ...args] },
  order: { checks: [], run: ['apps/demo/src/start/order-command.ts', ...args] },
  test: {
    checks: args.length > 0 ? [] : ['lint', 'typecheck'], // arguments choose tests: then only these run
    run: ['node_modules/vitest/vitest.mjs', 'run', ...args],
  },
  matrix: {
    checks: [],
    run: ['node_modules/vitest/vitest.mjs', 'run', '--config', 'e2e/matrix/vitest.config.ts', ...args],
  },
  python: {
    checks: [],
    run: ['node_modules/vitest/vitest.mjs', 'run', '--config', 'e2e/python/vitest.config.ts', ...args],
  },
  soak: {
    checks: [],
    run: ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.soak.config.ts', ...args],
  },
};

try {
  if (!Object.hasOwn(TARGETS, target ?? '')) {
    throw new StepFailed(
      `write \`npm start\`, \`npm run order\`, \`npm test\`, \`npm run test:matrix\`, \`npm run test:python\` or \`npm run test:soak\`: there is no target ${JSON.stringify(target)}`,
    );
  }
  checkMachine();
  const pnpm = await findPnpm(root);
  await installDependencies(root, pnpm);
  await step(root, 'building the packages', pnpm.command, ['run', 'build'], pnpm.env);
  for (const check of TARGETS[target].checks) {
    await step(root, `checking: ${check}`, pnpm.command, ['run', check], pnpm.env);
  }
  process.exitCode = await handOver(root, projectNode(root), TARGETS[target].run, pnpm.env);
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  console.error(`✗ ${error.message}`);
  process.exitCode = 1;
}
