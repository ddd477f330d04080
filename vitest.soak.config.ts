import { defineConfig } from 'vitest/config';
import everyday from './vitest.config.ts';

process.env.VITEST_MAX_WORKERS = '1'; // each needs the whole machine

/** Slow tests, such as an outage of 20 s under load: `npm run test:soak`. */
export default defineConfig({
  test: {
    ...everyday.test,
    projects: [
      {
        test: {
          name: 'soak',
          include: ['packages/*/src/**/*.soak.ts', 'apps/*/src/**/*.soak.ts'],
          testTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'e2e soak',
          root: './e2e',
          include: ['**/*.soak.ts'],
          globalSetup: ['@hatchet-ts/storage/embedded/vitest', './setup.ts'],
          env: { TESTCONTAINERS_RYUK_DISABLED: 'true' },
          testTimeout: 300_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
