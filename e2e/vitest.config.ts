import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'e2e',
    include: ['**/*.test.ts'],
    globalSetup: ['@hatchet-ts/storage/embedded/vitest', './setup.ts'],
    // whole processes and a Collector per file: after the unit tests, two files at a time
    sequence: { groupOrder: 1 },
    maxWorkers: 2,
    // deadlines for a machine that is busy; nothing waits for a time
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Ryuk would be one more image to pull; the tests stop their containers themselves, docker/leftovers.ts those of
    // a run that was killed
    env: { TESTCONTAINERS_RYUK_DISABLED: 'true' },
  },
});
