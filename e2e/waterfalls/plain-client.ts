/* Client without instrumentor that passes the trace only in the metadata, as Go clients do. */
import { HatchetClient } from '@hatchet-dev/typescript-sdk';

const [traceparent = ''] = process.argv.slice(2);
await HatchetClient.init().run('single', { n: 1 }, { additionalMetadata: { traceparent } });
console.log(JSON.stringify({ msg: 'done' }));
process.exit(0); // the SDK keeps its connections open
