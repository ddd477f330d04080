/* `node client.ts <instrumented|plain> <file>`: runs every case in the file, and writes the outcomes to a file beside it. */
import { readFile, writeFile } from 'node:fs/promises';
import type { JsonObject } from '@hatchet-dev/typescript-sdk';

const [how, file = ''] = process.argv.slice(2);
if (how === 'instrumented') await import('../waterfalls/telemetry.ts');
const { HatchetClient } = await import('@hatchet-dev/typescript-sdk');
const hatchet = HatchetClient.init();

interface Case {
  input: Record<string, never>;
  metadata: Record<string, string>;
}

async function outcomeOf({ input, metadata }: Case): Promise<unknown> {
  const before = JSON.stringify({ input, metadata });
  const run = hatchet.run<Case['input'], { mirror: JsonObject }>('mirror', input, { additionalMetadata: metadata });
  const outcome = await run
    .then(({ mirror }) => mirror)
    .catch((error: unknown) => ({
      // ids and times differ from run to run
      error: String(error).replaceAll(/[0-9a-f-]{36}/g, 'id'),
    }));
  return JSON.stringify({ input, metadata }) === before ? outcome : { changed: 'the arguments' };
}

const outcomes: unknown[] = [];
for (const each of JSON.parse(await readFile(file, 'utf8'))) outcomes.push(await outcomeOf(each));
await writeFile(`${file}.${how}`, JSON.stringify(outcomes));
process.exit(0); // the SDK keeps its connections open
