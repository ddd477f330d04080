// `npm start`: the whole thing on one machine, and one order through it as a waterfall.
import { ServiceFailure } from '../services/index.ts';
import { startSettings } from './settings.ts';
import { StartError } from './start-error.ts';
import { stopRequests } from './stop-request.ts';
import { supervise } from './supervisor.ts';

const controller = new AbortController();
stopRequests(controller);

try {
  process.exitCode = await supervise(startSettings(process.argv.slice(2), process.env), controller);
} catch (error) {
  if (!(error instanceof StartError) && !(error instanceof ServiceFailure)) throw error;
  console.error(`✗ ${error.message}`);
  process.exitCode = error instanceof StartError ? error.exitCode : 1;
}
process.exit();
