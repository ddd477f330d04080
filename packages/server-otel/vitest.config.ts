import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'server-otel',
    include: ['src/**/*.test.ts'],
    globalSetup: ['@hatchet-ts/storage/embedded/vitest'],
    // Some tests start processes, which takes long on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
