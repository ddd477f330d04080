import { spansFromTraceRows, type TraceRow, type WaterfallSpan } from '@hatchet-ts/waterfall';
import { StartError } from './errors.ts';

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

/** Triggers a run and returns its id. */
export async function triggerRun(api: ApiAccess, workflowName: string, input: object): Promise<string> {
  const body = JSON.stringify({ workflowName, input });
  const { run } = await request<{ run: { metadata: { id: string } } }>(api, 'workflow-runs/trigger', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return run.metadata.id;
}

/** Reads all spans of the traces that contain a run. */
export async function spansOfRun(api: ApiAccess, runId: string): Promise<WaterfallSpan[]> {
  const spans: WaterfallSpan[] = [];
  for (;;) {
    const page = `run_external_id=${runId}&offset=${spans.length}&limit=${SPANS_PER_PAGE}`;
    const { rows } = await request<{ rows: TraceRow[] }>(api, `traces?${page}`);
    spans.push(...spansFromTraceRows(rows));
    if (rows.length < SPANS_PER_PAGE) return spans;
  }
}

/** Lists all runs of a trace. */
export async function runsOfTrace(api: ApiAccess, traceId: string): Promise<ListedRun[]> {
  const path = `workflow-runs?trace_id=${traceId}&only_tasks=false&limit=1000`;
  const { rows } = await request<{ rows: { metadata: { id: string }; displayName: string; status: string }[] }>(
    api,
    path,
  );
  return rows.map(({ metadata, displayName, status }) => ({ id: metadata.id, name: displayName, status }));
}

/** @throws StartError with the API's response, or the reason that there is none */
async function request<T>({ url, tenantId, token }: ApiAccess, path: string, init: RequestInit = {}): Promise<T> {
  const [route] = path.split('?');
  try {
    const response = await fetch(`${url}/api/v1/stable/tenants/${tenantId}/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
      signal: AbortSignal.timeout(30_000),
    });
    if (response.ok) return (await response.json()) as T;
    throw new StartError(`the API returned ${response.status} for ${route}: ${(await response.text()).slice(0, 300)}`);
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const reason = (cause as Error & { cause?: NodeJS.ErrnoException }).cause?.code ?? (cause as Error).message;
    throw new StartError(`the API at ${url} did not answer ${route}: ${reason}`, 1, { cause });
  }
}
