import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, afterEach, expect } from 'vitest';
import { type Resource, Resources } from './resources.ts';

const ARTIFACTS = join(import.meta.dirname, '../../artifacts/e2e');

/** What one suite starts, and where the output of that goes. */
export interface Suite {
  /**
   * For logs and the Collector's files. It is removed when every test of the suite has passed, and kept as an
   * artifact otherwise.
   */
  readonly folder: string;
  /** Hands over something that is to be stopped after the suite, the last one first. */
  use<T extends Resource>(resource: T): T;
}

/** Call it once at the top of a test file. */
export function suite(): Suite {
  mkdirSync(ARTIFACTS, { recursive: true });
  const folder = mkdtempSync(join(ARTIFACTS, `${basename(expect.getState().testPath ?? 'suite', '.test.ts')}-`));
  const resources = new Resources();
  const outcomes = new Set<string | undefined>();
  afterEach(({ task }) => {
    outcomes.add(task.result?.state);
  });
  afterAll(async () => {
    try {
      await resources.stop();
    } catch (error) {
      outcomes.add('fail');
      throw error;
    } finally {
      // no outcome at all: what goes before the tests has failed
      if (outcomes.size > 0 && !outcomes.has('fail')) await rm(folder, { recursive: true, force: true });
      else console.error(`the Collector's and the services' output is kept in ${folder}`);
    }
  });
  return { folder, use: (resource) => resources.use(resource) };
}
