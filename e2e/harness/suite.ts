import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Resource, Resources } from '@hatchet-ts/trace-testing';
import { afterAll, afterEach, expect } from 'vitest';

const ARTIFACTS = join(import.meta.dirname, '../../artifacts/e2e');

/** Resources and output folder of a test file. */
export interface Suite {
  /** Folder for logs and the Collector's files. It is removed after a suite that passed and kept after a failure. */
  readonly folder: string;
  /** Stops a resource after the suite; the last one is stopped first. */
  use<T extends Resource>(resource: T): T;
}

/** Prepares a test file. Call it once, at the top. */
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
      // no outcome at all: a beforeAll has failed
      if (outcomes.size > 0 && !outcomes.has('fail')) await rm(folder, { recursive: true, force: true });
      else console.error(`output of the Collector and the services: ${folder}`);
    }
  });
  return { folder, use: (resource) => resources.use(resource) };
}
