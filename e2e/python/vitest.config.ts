import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Folder for a JSON report of each run, which CI adds up; as in the root's vitest.config.ts. */
const results = process.env.TEST_RESULTS;

export default defineConfig({
  test: {
    name: 'python',
    root: import.meta.dirname,
    include: ['*.suite.ts'],
    globalSetup: ['@hatchet-ts/storage/embedded/vitest'],
    reporters: results
      ? ['default', ['json', { outputFile: join(results, `vitest-${process.pid}.json`) }]]
      : ['default'],
    testTimeout: 90_000,
    hookTimeout: 300_000, // the first run installs
  },
});
