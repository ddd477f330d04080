import { defineProject } from 'vitest/config';

export default defineProject({
  test: { name: 'server-otel', include: ['src/**/*.test.ts'], globalSetup: ['@hatchet-ts/storage/embedded/vitest'] },
});
