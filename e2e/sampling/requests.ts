import { randomBytes } from 'node:crypto';
import { Hatchet } from '@hatchet-dev/typescript-sdk';
import type { Deployment } from '../harness/deployment.ts';
import { trigger } from '../harness/rest.ts';

/**
 * The ways in which a request can come: over the API or the official client, with a user's trace, sampled or not, or
 * without one.
 */
export const WAYS = {
  'HTTP without traceparent': { over: 'http' },
  'HTTP with traceparent, sampled': { over: 'http', flag: '01' },
  'HTTP with traceparent, not sampled': { over: 'http', flag: '00' },
  'SDK client without traceparent': { over: 'client' },
  'SDK client with traceparent, sampled': { over: 'client', flag: '01' },
  'SDK client with traceparent, not sampled': { over: 'client', flag: '00' },
} satisfies Record<string, { over: 'http' | 'client'; flag?: '00' | '01' }>;

export type Way = keyof typeof WAYS;

/** A request that was sent and answered. */
export interface Sent {
  way: Way;
  runId: string;
  /** The traceparent that went with it. */
  user?: { traceId: string; spanId: string };
  /** Its trace id was drawn, here or by a service, and not picked for what it is. */
  drawn: boolean;
}

/** So few that the engine groups none of them: then each is wholly in its own trace. */
const AT_ONCE = 4;

/**
 * Triggers the echo task in every way: so many times with ids of chance, and with picked ones where the way has one.
 */
export async function sendRequests(deployment: Deployment, times: number, pickedIds: () => string[]): Promise<Sent[]> {
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

  const todo = (Object.keys(WAYS) as Way[]).flatMap((way) => {
    const { over, flag } = { flag: undefined, ...WAYS[way] };
    const one = (traceId: string, drawn: boolean) => async (): Promise<Sent> => {
      if (!flag) return { way, drawn, runId: await send[over]({}) };
      const spanId = randomBytes(8).toString('hex');
      const runId = await send[over]({ traceparent: `00-${traceId}-${spanId}-${flag}` });
      return { way, drawn, runId, user: { traceId, spanId } };
    };
    const drawn = Array.from({ length: times }, () => one(randomBytes(16).toString('hex'), true));
    // an id for each way: in one trace two runs would meet
    const picked = flag ? pickedIds().map((traceId) => one(traceId, false)) : [];
    return [...drawn, ...picked];
  });
  return inTurns(todo);
}

async function inTurns<T>(todo: (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const queue = todo.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const next of queue) results.push(await next());
    }),
  );
  return results;
}
