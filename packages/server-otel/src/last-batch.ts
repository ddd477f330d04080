import { readFileSync } from 'node:fs';
import { OtlpClient, TRACES_METHOD } from '@hatchet-ts/otlp/client';
import { exportRequest } from '@hatchet-ts/otlp/export-result';
import { describeCollector } from './collector/collector.ts';
import { readConfiguration } from './configuration/read-configuration.ts';
import { loadGrpc } from './modules.ts';
import { decodeRequests } from './pipeline/last-batch.ts';

// Program of `/register`, run when the process ends: sends the requests of standard input to the configured collector and
// prints the number of rejected spans of each, up to the first that fails. The process that ends waits at most 2 s.
const CALL_MILLIS = 1900;

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const [configDirectory] = process.argv.slice(2);
const grpc = loadGrpc();
const collector = describeCollector(readConfiguration(process.env, configDirectory), { grpc }, silent);
const rejected: number[] = [];
if (collector !== undefined) {
  const client = new OtlpClient(grpc, collector, TRACES_METHOD);
  for (const request of decodeRequests(readFileSync(0))) {
    const result = await exportRequest(client, request, CALL_MILLIS);
    if (result.kind !== 'accepted') break;
    rejected.push(result.rejected);
  }
  client.close();
}
process.stdout.write(JSON.stringify(rejected));
