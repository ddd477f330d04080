import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Folder for one JSON report per run; .ci/run adds them up. */
const results = process.env.TEST_RESULTS;

// Most tests wait for processes, so two cores have room for three files at a time. (Vitest's default is one core less.)
process.env.VITEST_MAX_WORKERS ??= String(Math.max(3, availableParallelism() - 1));

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'e2e', 'scripts'],
    reporters: results
      ? ['default', ['json', { outputFile: join(results, `vitest-${process.pid}.json`) }]]
      : ['default'],
  },
});
