import { waitUntil } from '@hatchet-ts/trace-testing';
import type { Deployment } from './deployment.ts';

/** Parts of a deployment that a REST request needs. */
export type RestTarget = Pick<Deployment, 'apiAddress' | 'database' | 'tenantId' | 'token'>;

export interface Trigger {
  workflowName: string;
  input?: object;
  additionalMetadata?: Record<string, string>;
  /** Headers besides the token, for example `traceparent`. */
  headers?: Record<string, string>;
}

/** A run as the REST API lists it. */
export interface Run {
  id: string;
  status: string;
}

/** Triggers a run over the REST API, as a user's `fetch` would. Returns its id. */
export async function trigger(target: RestTarget, { headers, ...body }: Trigger): Promise<string> {
  const { run } = await request<{ run: { metadata: { id: string } } }>(
    target,
    'tenants/{tenant}/workflow-runs/trigger',
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ input: {}, ...body }),
    },
  );
  return run.metadata.id;
}

/** Returns the trace id that the engine has stored with a run. */
export async function traceIdOf({ database }: RestTarget, runId: string): Promise<string> {
  const { rows } = await database.query<{ trace_id: string }>('SELECT trace_id FROM run WHERE id = $1', [runId]);
  if (!rows[0]?.trace_id) throw new Error(`run ${runId} has no trace`);
  return rows[0].trace_id;
}

/** Waits until every run of a trace has ended; a run that is still going on may start more of them. */
export async function endedRuns(target: RestTarget, traceId: string): Promise<Run[]> {
  let runs: Run[] = [];
  const probe = async () => {
    runs = await runsOf(target, traceId);
    return runs.length > 0 && runs.every(({ status }) => FINAL.has(status)) && runs;
  };
  return waitUntil(`the end of all runs of trace ${traceId}`, probe, {
    intervalMs: 100,
    describe: () => JSON.stringify(runs),
  });
}

const FINAL = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);

async function runsOf(target: RestTarget, traceId: string): Promise<Run[]> {
  const { rows } = await request<{ rows: { metadata: { id: string }; status: string }[] }>(
    target,
    `tenants/{tenant}/workflow-runs?trace_id=${traceId}&only_tasks=false`,
  );
  return rows.map(({ metadata, status }) => ({ id: metadata.id, status }));
}

/**
 * Sends a request with the tenant's token and returns the JSON of the response.
 *
 * @param path - below `/api/v1/stable/`; `{tenant}` stands for the tenant's id
 */
export async function request<T>(
  { apiAddress, tenantId, token }: RestTarget,
  path: string,
  init: RequestInit = {},
): Promise<T> {
  const response = await fetch(`http://${apiAddress}/api/v1/stable/${path.replace('{tenant}', tenantId)}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
