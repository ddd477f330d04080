import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'api',
    include: ['src/**/*.test.ts'],
    globalSetup: ['@hatchet-ts/storage/embedded/vitest'],
    // The first test of a file starts engine and API as processes, on a machine that may be busy.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
