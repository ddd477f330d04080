import type { CallContext } from 'nice-grpc';
import { expect, test } from 'vitest';
import type { Authorized } from './authorization.ts';
import { runResults } from './run-results.ts';

test('a stream that closes while a run is looked up leaves no subscription', async () => {
  const lookedUp = Promise.withResolvers<void>();
  const found = Promise.withResolvers<undefined>();
  const client = new AbortController();
  let subscriptions = 0;
  const deps = {
    contexts: {
      ofRun() {
        lookedUp.resolve();
        return found.promise;
      },
    },
    results: {
      subscribe() {
        subscriptions += 1;
        return () => {
          subscriptions -= 1;
        };
      },
    },
    stopping: new AbortController().signal,
  } as unknown as Parameters<typeof runResults>[0];
  async function* requests() {
    yield { workflowRunId: '00000000-0000-4000-8000-000000000000' };
  }
  const call = { tenantId: 't', signal: client.signal } as CallContext & Authorized;
  const next = runResults(deps, requests(), call).next();
  await lookedUp.promise;
  client.abort();
  await next.catch(() => {});
  found.resolve(undefined);
  await new Promise(setImmediate);
  expect(subscriptions).toBe(0);
});
