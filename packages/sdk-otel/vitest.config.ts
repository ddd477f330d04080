import { defineProject } from 'vitest/config';

export default defineProject({
  test: {
    name: 'sdk-otel',
    include: ['{src,reference}/**/*.test.ts'],
    // Some tests start processes, which takes long on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
