import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Folder for a JSON report of each run, which CI adds up; as in the root's vitest.config.ts. */
const results = process.env.TEST_RESULTS;

export default defineConfig({
  test: {
    name: 'matrix',
    root: import.meta.dirname,
    include: ['*.matrix.ts'],
    globalSetup: ['@hatchet-ts/storage/embedded/vitest'],
    reporters: results
      ? ['default', ['json', { outputFile: join(results, `vitest-${process.pid}.json`) }]]
      : ['default'],
    maxConcurrency: 4,
    testTimeout: 300_000, // the first run installs
    hookTimeout: 180_000,
  },
});
