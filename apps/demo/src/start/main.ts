// `npm start`: everything on one machine, and the waterfall of one order.
import { StartError, StopRequest } from './errors.ts';
import { ServiceFailure } from './service-process.ts';
import { startSettings } from './settings.ts';
import { supervise } from './supervisor.ts';

const controller = new AbortController();
// A repeated signal changes nothing: the terminal delivers Ctrl-C to every process and npm forwards it once more.
for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) {
  process.on(event, () => controller.abort(new StopRequest('stopped')));
}

try {
  process.exitCode = await supervise(startSettings(process.argv.slice(2), process.env), controller);
} catch (error) {
  if (!(error instanceof StartError) && !(error instanceof ServiceFailure)) throw error;
  console.error(`✗ ${error.message}`);
  process.exitCode = error instanceof StartError ? error.exitCode : 1;
}
process.exit();
