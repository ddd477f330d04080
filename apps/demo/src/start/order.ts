// `npm run order`: one more order through what `npm start` serves.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiAccess } from './api-client.ts';
import { printOrder } from './print-order.ts';
import { startSettings } from './settings.ts';
import { StartError } from './start-error.ts';
import { ACCESS_FILE } from './supervisor.ts';

try {
  const { dataDir } = startSettings(process.argv.slice(2), process.env);
  process.exitCode = (await printOrder(access(dataDir), AbortSignal.any([]))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(`✗ ${error.message}`);
  process.exitCode = error.exitCode;
}

function access(dataDir: string): ApiAccess {
  try {
    return JSON.parse(readFileSync(join(dataDir, ACCESS_FILE), 'utf8'));
  } catch (cause) {
    throw new StartError('nothing serves here: start it with `npm start` in another terminal', 1, { cause });
  }
}
