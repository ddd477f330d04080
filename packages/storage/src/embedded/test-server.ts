/** Environment variable in which a test run's workers find the server of the run. */
export const TEST_SERVER_URL = 'HATCHET_TEST_POSTGRES_URL';

/** URL of the server that `vitest.ts` started for this test run. */
export function serverOfTestRun(): string {
  const url = process.env[TEST_SERVER_URL];
  if (url) return url;
  throw new Error(
    "no PostgreSQL for this test run: add globalSetup: ['@hatchet-ts/storage/embedded/vitest'] to the project's vitest.config.ts",
  );
}
