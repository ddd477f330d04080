// `npm run order`: sends one more order to a running `npm start`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiAccess } from './api-client.ts';
import { StartError } from './errors.ts';
import { printOrderTrace } from './order-trace.ts';
import { startSettings } from './settings.ts';
import { ACCESS_FILE } from './supervisor.ts';

try {
  const { dataDir } = startSettings(process.argv.slice(2), process.env);
  process.exitCode = (await printOrderTrace(readAccess(dataDir), AbortSignal.any([]))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(`✗ ${error.message}`);
  process.exitCode = error.exitCode;
}

function readAccess(dataDir: string): ApiAccess {
  try {
    return JSON.parse(readFileSync(join(dataDir, ACCESS_FILE), 'utf8'));
  } catch (cause) {
    throw new StartError('nothing is running here: run `npm start` in another terminal first', 1, { cause });
  }
}
