import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'storage',
    include: ['src/**/*.test.ts'],
    globalSetup: ['@hatchet-ts/storage/embedded/vitest'],
    // deadlines for a machine that is busy; nothing waits for a time
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
