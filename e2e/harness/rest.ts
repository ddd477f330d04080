import { setTimeout } from 'node:timers/promises';
import type { Deployment } from './deployment.ts';

const DEADLINE_MS = 90_000;
const INTERVAL_MS = 100;

/** What these need to know of an installation. */
export type Installed = Pick<Deployment, 'api' | 'database' | 'tenantId' | 'token'>;

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

/** Triggers a run over the REST API, as a user's `fetch` would. Resolves to its id. */
export async function trigger(deployment: Installed, { headers, ...body }: Trigger): Promise<string> {
  const { run } = await request<{ run: { metadata: { id: string } } }>(deployment, 'workflow-runs/trigger', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ input: {}, ...body }),
  });
  return run.metadata.id;
}

/** The trace that the engine has stored with a run. */
export async function traceIdOf({ database }: Installed, runId: string): Promise<string> {
  const { rows } = await database.query<{ trace_id: string }>('SELECT trace_id FROM run WHERE id = $1', [runId]);
  if (!rows[0]?.trace_id) throw new Error(`run ${runId} has no trace`);
  return rows[0].trace_id;
}

/**
 * Waits until every run of a trace that the API knows of has ended: a run that is still going on may start more of
 * them.
 */
export async function endedRuns(deployment: Installed, traceId: string): Promise<Run[]> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const runs = await runsOf(deployment, traceId);
    if (runs.length > 0 && runs.every(({ status }) => FINAL.has(status))) return runs;
    if (Date.now() > deadline) throw new Error(`trace ${traceId} has runs that do not end: ${JSON.stringify(runs)}`);
    await setTimeout(INTERVAL_MS);
  }
}

const FINAL = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);

async function runsOf(deployment: Installed, traceId: string): Promise<Run[]> {
  const { rows } = await request<{ rows: { metadata: { id: string }; status: string }[] }>(
    deployment,
    `workflow-runs?trace_id=${traceId}&only_tasks=false`,
  );
  return rows.map(({ metadata, status }) => ({ id: metadata.id, status }));
}

async function request<T>({ api, tenantId, token }: Installed, path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(`http://${api.address}/api/v1/stable/tenants/${tenantId}/${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });
  if (!response.ok) throw new Error(`the API answers ${response.status} to ${path}: ${await response.text()}`);
  return (await response.json()) as T;
}
