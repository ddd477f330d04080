import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'e2e',
    include: ['**/*.test.ts'],
    globalSetup: ['@hatchet-ts/storage/embedded/vitest', './setup.ts'],
    sequence: { groupOrder: 1 }, // after the unit tests: each file starts whole processes and a Collector
    // generous, for a busy machine; no test waits for a fixed time
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Ryuk would be another image to pull; tests stop their own containers, docker/leftovers.ts those of a killed run
    env: { TESTCONTAINERS_RYUK_DISABLED: 'true' },
  },
});
