import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Folder for one JSON report per run; .ci/run adds them up. */
const results = process.env.TEST_RESULTS;

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'e2e', 'scripts'],
    reporters: results
      ? ['default', ['json', { outputFile: join(results, `vitest-${process.pid}.json`) }]]
      : ['default'],
  },
});
