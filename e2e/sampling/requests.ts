import { randomBytes } from 'node:crypto';
import { Hatchet } from '@hatchet-dev/typescript-sdk';
import type { Deployment } from '../harness/deployment.ts';
import { trigger } from '../harness/rest.ts';

/** Kinds of request: over the API or the official client; without a user's trace, or with one, sampled or not. */
export const REQUEST_KINDS = {
  'HTTP without traceparent': { over: 'http' },
  'HTTP with traceparent, sampled': { over: 'http', flag: '01' },
  'HTTP with traceparent, not sampled': { over: 'http', flag: '00' },
  'SDK client without traceparent': { over: 'client' },
  'SDK client with traceparent, sampled': { over: 'client', flag: '01' },
  'SDK client with traceparent, not sampled': { over: 'client', flag: '00' },
} satisfies Record<string, { over: 'http' | 'client'; flag?: '00' | '01' }>;

export type RequestKind = keyof typeof REQUEST_KINDS;

/** A request and the run that it started. */
export interface SentRequest {
  kind: RequestKind;
  runId: string;
  /** Parts of the request's traceparent. */
  user?: { traceId: string; spanId: string };
  /** True if the trace id is random, false if it was chosen for its value. */
  random: boolean;
}

/** Low enough that the engine does not group requests, so that each stays in its own trace. */
const CONCURRENCY = 4;

/** Triggers the echo task by requests of every kind: `times` with random trace ids, and once with each chosen id. */
export async function sendRequests(
  deployment: Deployment,
  times: number,
  chosenIds: () => string[],
): Promise<SentRequest[]> {
  const client = Hatchet.init({
    token: deployment.token,
    tls_config: { tls_strategy: 'none' },
    log_level: 'OFF',
  });
  const send: Record<'http' | 'client', (metadata: Record<string, string>) => Promise<string>> = {
    http: (headers) => trigger(deployment, { workflowName: 'echo', headers }),
    client: async (additionalMetadata) =>
      (await client.runNoWait('echo', {}, { additionalMetadata })).getWorkflowRunId(),
  };

  const requests = (Object.keys(REQUEST_KINDS) as RequestKind[]).flatMap((kind) => {
    const { over, flag } = { flag: undefined, ...REQUEST_KINDS[kind] };
    const prepare = (traceId: string, random: boolean) => async (): Promise<SentRequest> => {
      if (!flag) return { kind, random, runId: await send[over]({}) };
      const spanId = randomBytes(8).toString('hex');
      const runId = await send[over]({ traceparent: `00-${traceId}-${spanId}-${flag}` });
      return { kind, random, runId, user: { traceId, spanId } };
    };
    const random = Array.from({ length: times }, () => prepare(randomBytes(16).toString('hex'), true));
    // chosen anew for each kind, because no two runs may share a trace
    const chosen = flag ? chosenIds().map((traceId) => prepare(traceId, false)) : [];
    return [...random, ...chosen];
  });
  return runLimited(requests);
}

async function runLimited<T>(requests: (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const queue = requests.values();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const next of queue) results.push(await next());
    }),
  );
  return results;
}
