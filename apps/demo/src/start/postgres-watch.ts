import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processIdentity } from '../services/index.ts';
import { StartError } from './start-error.ts';

const WATCH_MS = 500;

/**
 * Looks whether the PostgreSQL server of a data directory still runs: it is no child of this process.
 *
 * @returns `lost` resolves when it has ended by itself; `end` ends the watch, and says whether the server was there
 */
export async function watchPostgres(folder: string): Promise<{ lost: Promise<StartError>; end: () => boolean }> {
  const pid = Number.parseInt(await readFile(join(folder, 'postmaster.pid'), 'utf8'), 10);
  const identity = await processIdentity(pid);
  const { promise: lost, resolve } = Promise.withResolvers<StartError>();
  let there = true;
  const timer = setInterval(async () => {
    if ((await processIdentity(pid)) === identity || !there) return;
    there = false;
    clearInterval(timer);
    resolve(new StartError(`PostgreSQL ended by itself; log: ${join(folder, 'server.log')}`));
  }, WATCH_MS);
  const end = (): boolean => {
    clearInterval(timer);
    const was = there;
    there = false;
    return was;
  };
  return { lost, end };
}
