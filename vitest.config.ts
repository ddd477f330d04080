import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** A folder that gets one JSON report per run, which .ci/run adds up. */
const results = process.env.TEST_RESULTS;

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'e2e', 'scripts'],
    reporters: results
      ? ['default', ['json', { outputFile: join(results, `vitest-${process.pid}.json`) }]]
      : ['default'],
  },
});
