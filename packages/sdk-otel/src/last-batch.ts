import { readFileSync } from 'node:fs';
import { decodeBatches, exportBatch } from './registration/last-batch.ts';
import { findNodeSdk, SPAN_EXPORTERS } from './registration/span-exporters.ts';

// Program of `/register`, run when the process ends: exports the spans of standard input with the exporters that `OTEL_*`
// configures, and prints the names of those that delivered. The process that ends waits at most 2 s.
const sdk = findNodeSdk();
const delivered = await Promise.all(
  decodeBatches(readFileSync(0)).map(async (batch) => {
    const exporter = SPAN_EXPORTERS[batch.exporter]?.(process.env, sdk);
    return exporter && (await exportBatch(exporter, batch)) ? [batch.exporter] : [];
  }),
);
process.stdout.write(JSON.stringify(delivered.flat()), () => process.exit());
