import { useEffect, useRef, useState } from 'preact/hooks';
import { type Listed, RequestError, requestJson } from '../net/api.ts';
import { followStream, type StreamState } from '../net/event-stream.ts';
import type { Session } from '../net/session.ts';
import { MOST_SPANS, NO_SPANS, type SpanRow, type TraceSpans, withRows } from '../net/trace-spans.ts';
import type { Subject } from '../route/address.ts';
import { isOver, type Run } from '../runs/run.ts';

/** Task that has not ended, and the condition that it waits for. */
export interface OpenTask {
  taskId: string;
  name: string;
  status: string;
  attempt: number;
  waitingFor?: string;
}

export interface TraceState {
  trace: TraceSpans;
  /** Set when all shown spans are loaded. */
  loaded: boolean;
  /** Position from which the stream continues. */
  cursor?: string;
  /** Lower bound of the number of spans, if there are more than are shown. */
  moreThan?: number;
  /** Runs of the trace, the requested one first; empty until they are loaded. */
  runs: Run[];
  /** Set after the request for the runs has ended. */
  runsKnown: boolean;
  tasks: OpenTask[];
  error?: Error;
  stream: StreamState;
  retry: () => void;
  /** Loads a truncated row again, completely. */
  loadWhole: (row: SpanRow) => void;
}

/** Page of spans; the first has the cursor. */
type SpanList = Listed<SpanRow> & { cursor?: string };

type Loaded = Omit<TraceState, 'retry' | 'loadWhole'>;

const FIRST_PAGE = 1000;
/** Time to collect spans before they are drawn together. */
const COLLECT_MS = 250;

/** Loads a trace and its runs, and follows both until the run has ended. */
export function useTrace(session: Session, subject: Subject): TraceState {
  const [state, setState] = useState<Loaded>(INITIAL_STATE);
  const [attempt, setAttempt] = useState(0);
  const change = (part: (state: Loaded) => Partial<Loaded>): void =>
    setState((before) => ({ ...before, ...part(before) }));
  const { by, id } = subject;
  const filter = `${by === 'run' ? 'run_external_id' : 'trace_id'}=${id}`;

  const load = async (signal: AbortSignal): Promise<void> => {
    const spans = async (offset: number, limit: number): Promise<SpanList> => {
      const page = await requestJson<SpanList>(session, `traces?${filter}&offset=${offset}&limit=${limit}`, signal);
      const rows = page.rows.map((row, i) => ({ ...row, offset: offset + i }));
      change(({ trace }) => ({ trace: withRows(trace, rows), error: undefined }));
      return page;
    };
    const { pagination, cursor } = await spans(0, FIRST_PAGE);
    const least = (pagination.num_pages - 1) * FIRST_PAGE;
    if (least > 0) await spans(FIRST_PAGE, MOST_SPANS - FIRST_PAGE);
    change(() => ({ loaded: true, cursor, moreThan: least >= MOST_SPANS ? least : undefined }));
  };

  useEffect(() => {
    const { signal, abort } = abortable();
    const findRuns = async (): Promise<void> => {
      const { rows } = await requestJson<Listed<Run>>(
        session,
        `traces?text=${id}&include_children=true&limit=50`,
        signal,
      );
      change(({ runs }) => ({
        runs: rows.reduce(withRun, runs).sort((a, b) => isRequested(b, id) - isRequested(a, id) || byCreation(a, b)),
      }));
    };
    const runs = findRuns()
      .catch(ignoreUnlessNotAllowed)
      .then(() => change(() => ({ runsKnown: true })));
    Promise.all([load(signal), runs]).catch((error: Error) => {
      if (!signal.aborted) change(() => ({ error }));
    });
    return abort;
  }, [session, filter, attempt]);

  const run = state.runs[0];
  const runId = by === 'run' ? id : run?.workflowRunExternalId;
  const over = run !== undefined && isOver(run);
  const settled = useSettled(over ? Date.parse(run.finishedAt ?? run.createdAt) : undefined);
  const isOverNow = useRef(over);
  isOverNow.current = over;
  const failed = state.error instanceof RequestError;
  const collected = useRef<SpanRow[]>([]);
  useEffect(() => {
    if (!runId || settled || failed || !state.loaded || !state.runsKnown) return;
    const { signal, abort } = abortable();
    let drawing: ReturnType<typeof setTimeout> | undefined;
    const draw = (): void => {
      drawing = undefined;
      const rows = collected.current.splice(0);
      change(({ trace }) => ({ trace: withRows(trace, rows) }));
    };
    const onEvent = ({ type, data }: { type: string; data: string }): void => {
      if (type === 'run') change(({ runs }) => ({ runs: withRun(runs, JSON.parse(data) as Run) }));
      if (type === 'tasks') change(() => ({ tasks: (JSON.parse(data) as { tasks: OpenTask[] }).tasks }));
      if (type !== 'spans') return;
      collected.current.push(...(JSON.parse(data) as SpanRow[]));
      drawing ??= setTimeout(draw, COLLECT_MS);
    };
    const onState = (stream: StreamState): void => change(() => ({ stream }));
    const reconnect = (): boolean => !isOverNow.current;
    const after = state.cursor ? `&after=${encodeURIComponent(state.cursor)}` : '';
    const path = `traces/stream?run_external_id=${runId}${after}`;
    void followStream(session, path, { onEvent, onState, reconnect, signal });
    return () => {
      clearTimeout(drawing);
      draw(); // the spans of the last moment
      change(() => ({ stream: 'none' }));
      abort();
    };
  }, [session, runId, settled, failed, state.loaded, state.runsKnown]);

  const retry = (): void => {
    change(() => ({ error: undefined }));
    setAttempt((n) => n + 1);
  };
  const loadWhole = async ({ offset, spanId }: SpanRow): Promise<void> => {
    if (offset === undefined) return;
    const { rows } = await requestJson<Listed<SpanRow>>(session, `traces?${filter}&offset=${offset}&limit=1`);
    if (rows[0]?.spanId === spanId) change(({ trace }) => ({ trace: withRows(trace, rows) }));
  };
  return { ...state, retry, loadWhole: (row) => void loadWhole(row).catch(() => undefined) }; // the row stays truncated
}

const INITIAL_STATE: Loaded = { trace: NO_SPANS, loaded: false, runs: [], runsKnown: false, tasks: [], stream: 'none' };

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

function withRun(runs: readonly Run[], run: Run): Run[] {
  const known = runs.findIndex((each) => each.workflowRunExternalId === run.workflowRunExternalId);
  return known < 0 ? [...runs, run] : runs.with(known, run);
}

const isRequested = (run: Run, id: string): number => Number(run.workflowRunExternalId === id);
const byCreation = (a: Run, b: Run): number => (a.createdAt < b.createdAt ? -1 : 1);

/** Ignores a failure to load the runs, which the trace does not need; a rejected token is an error. */
function ignoreUnlessNotAllowed(error: Error): void {
  if (error instanceof RequestError && error.failure === 'not-allowed') throw error;
}

/** Time for the last spans of a run to arrive after its end. */
const LATE_SPANS_MS = 60_000;

/** Returns true when the last spans of a run that ended at `end` (milliseconds since 1970) should have arrived. */
function useSettled(end: number | undefined): boolean {
  const left = end === undefined ? Number.POSITIVE_INFINITY : end + LATE_SPANS_MS - Date.now();
  const [, setPassed] = useState(0);
  useEffect(() => {
    if (left <= 0 || left === Number.POSITIVE_INFINITY) return;
    const clock = setTimeout(() => setPassed((n) => n + 1), left);
    return () => clearTimeout(clock);
  }, [end]);
  return left <= 0;
}
