import { spansFromTraceRows, type TraceRow, type WaterfallSpan } from '@hatchet-ts/waterfall';
import { StartError } from './start-error.ts';

export interface ApiAccess {
  /** Base URL. */
  url: string;
  tenantId: string;
  token: string;
}

/** A run as the API lists it. */
export interface ListedRun {
  id: string;
  name: string;
  status: string;
}

const SPANS_PER_PAGE = 1000;

/** Starts a run and answers its id. */
export async function triggerRun(api: ApiAccess, workflowName: string, input: object): Promise<string> {
  const body = JSON.stringify({ workflowName, input });
  const { run } = await request<{ run: { metadata: { id: string } } }>(api, 'workflow-runs/trigger', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return run.metadata.id;
}

/** All spans of the traces that a run is in. */
export async function spansOfRun(api: ApiAccess, runId: string): Promise<WaterfallSpan[]> {
  const spans: WaterfallSpan[] = [];
  for (;;) {
    const page = `run_external_id=${runId}&offset=${spans.length}&limit=${SPANS_PER_PAGE}`;
    const { rows } = await request<{ rows: TraceRow[] }>(api, `traces?${page}`);
    spans.push(...spansFromTraceRows(rows));
    if (rows.length < SPANS_PER_PAGE) return spans;
  }
}

/** All runs of a trace. */
export async function runsOfTrace(api: ApiAccess, traceId: string): Promise<ListedRun[]> {
  const path = `workflow-runs?trace_id=${traceId}&only_tasks=false&limit=1000`;
  const { rows } = await request<{ rows: { metadata: { id: string }; displayName: string; status: string }[] }>(
    api,
    path,
  );
  return rows.map(({ metadata, displayName, status }) => ({ id: metadata.id, name: displayName, status }));
}

/** @throws StartError with the API's answer */
async function request<T>({ url, tenantId, token }: ApiAccess, path: string, init: RequestInit = {}): Promise<T> {
  const [route] = path.split('?');
  try {
    const response = await fetch(`${url}/api/v1/stable/tenants/${tenantId}/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
      signal: AbortSignal.timeout(30_000),
    });
    if (response.ok) return (await response.json()) as T;
    throw new StartError(`the API answers ${response.status} to ${route}: ${(await response.text()).slice(0, 300)}`);
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const reason = (cause as Error & { cause?: NodeJS.ErrnoException }).cause?.code ?? (cause as Error).message;
    throw new StartError(`the API at ${url} does not answer ${route}: ${reason}`, 1, { cause });
  }
}
