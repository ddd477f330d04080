import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'api',
    include: ['src/**/*.test.ts'],
    globalSetup: ['@hatchet-ts/storage/embedded/vitest'],
    // engine and API as processes, on a machine that is busy
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
