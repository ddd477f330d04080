import { defineConfig } from 'vitest/config';
import everyday from './vitest.config.ts';

/** Tests that take their time, such as an outage of 20 s under load: `npm run test:soak`. */
export default defineConfig({
  test: {
    ...everyday.test,
    projects: [
      {
        test: {
          name: 'soak',
          include: ['packages/*/src/**/*.soak.ts', 'apps/*/src/**/*.soak.ts', 'e2e/**/*.soak.ts'],
          testTimeout: 180_000,
        },
      },
    ],
  },
});
