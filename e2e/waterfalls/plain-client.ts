/* A client that is not instrumented, and hands the context on in the metadata alone, as those in Go do. */
import { HatchetClient } from '@hatchet-dev/typescript-sdk';

const [traceparent = ''] = process.argv.slice(2);
await HatchetClient.init().run('single', { n: 1 }, { additionalMetadata: { traceparent } });
console.log(JSON.stringify({ msg: 'done' }));
process.exit(0); // the SDK keeps its connections open
