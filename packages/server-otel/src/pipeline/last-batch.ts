import { type LastBatchChild, runLastBatchChild } from '@hatchet-ts/process-end';

/**
 * Sends requests in a process of its own, which runs `last-batch.ts` with the configuration of this one.
 *
 * @returns the number of rejected spans of each accepted request; the requests after the first failed one are left out
 */
export function sendInChild(child: LastBatchChild, requests: readonly Buffer[]): number[] {
  const output = runLastBatchChild(child, encodeRequests(requests));
  return output === undefined ? [] : (JSON.parse(output) as number[]);
}

/** Writes each request after its length. */
function encodeRequests(requests: readonly Buffer[]): Buffer {
  const parts = requests.flatMap((request) => {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(request.length);
    return [length, request];
  });
  return Buffer.concat(parts);
}

/** Reads what `encodeRequests` has written. */
export function* decodeRequests(input: Buffer): Generator<Buffer> {
  let position = 0;
  while (position < input.length) {
    const start = position + LENGTH_BYTES;
    position = start + input.readUInt32BE(position);
    yield input.subarray(start, position);
  }
}

const LENGTH_BYTES = 4;
