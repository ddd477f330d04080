import { z } from 'zod';
import { readVariables, runService } from '../index.ts';

const VARIABLES = z.object({ MODE: z.enum(['serve', 'slow', 'fail', 'fail-to-stop'], 'a mode') });

await runService({
  name: 'example',
  version: '1.0.0',
  readConfiguration: (environment) => ({ mode: readVariables(VARIABLES, environment).MODE, logLevel: 'info' }),
  async start({ mode }, logger) {
    if (mode === 'fail') throw new AggregateError([new Error('no route'), new Error('refused')]);
    const alive = setInterval(() => {}, 60_000);
    if (mode === 'slow') {
      const signaled = new Promise((resolve) => process.once('SIGTERM', resolve));
      logger.info({}, 'starting');
      await signaled;
    }
    return {
      address: '127.0.0.1:1',
      async stop() {
        clearInterval(alive);
        if (mode === 'fail-to-stop') throw new Error('the database is gone');
        logger.info({}, 'stopped');
      },
    };
  },
});
