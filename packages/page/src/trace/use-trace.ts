import { useEffect, useRef, useState } from 'preact/hooks';
import { type Listed, RequestError, requestJson } from '../net/api.ts';
import type { Session } from '../net/session.ts';
import { follow, type StreamState } from '../net/stream.ts';
import type { Subject } from '../route/address.ts';
import { isOver, type Run } from '../runs/run.ts';
import { MOST_SPANS, NO_SPANS, type SpanRow, type TraceSpans, withRows } from './trace-spans.ts';
import { useSettled } from './use-settled.ts';

/** A task of a run that has not ended, and what it waits for. */
export interface OpenTask {
  taskId: string;
  name: string;
  status: string;
  attempt: number;
  waitingFor?: string;
}

export interface TraceState {
  trace: TraceSpans;
  /** Everything that is shown has been loaded. */
  loaded: boolean;
  /** There are more spans than are shown: at least so many. */
  moreThan?: number;
  /** The runs of the trace, the one that was asked for first; empty while nobody knows. */
  runs: Run[];
  /** The list was asked for them. */
  runsKnown: boolean;
  tasks: OpenTask[];
  error?: Error;
  stream: StreamState;
  retry: () => void;
  /** Asks once more for a row that came without what it holds. */
  loadWhole: (row: SpanRow) => void;
}

type Loaded = Omit<TraceState, 'retry' | 'loadWhole'>;

const FIRST_PAGE = 1000;
/** Spans that come one by one are drawn together. */
const GATHER_MS = 250;

/** A trace with all that is shown of it, which grows while its run does. */
export function useTrace(session: Session, subject: Subject): TraceState {
  const [state, setState] = useState<Loaded>(BEGINNING);
  const [attempt, setAttempt] = useState(0);
  const change = (part: (state: Loaded) => Partial<Loaded>): void =>
    setState((before) => ({ ...before, ...part(before) }));
  const { by, id } = subject;
  const which = `${by === 'run' ? 'run_external_id' : 'trace_id'}=${id}`;

  const load = async (signal: AbortSignal): Promise<void> => {
    const spans = async (offset: number, limit: number): Promise<Listed<SpanRow>> => {
      const page = await requestJson<Listed<SpanRow>>(
        session,
        `traces?${which}&offset=${offset}&limit=${limit}`,
        signal,
      );
      const rows = page.rows.map((row, i) => ({ ...row, offset: offset + i }));
      change(({ trace }) => ({ trace: withRows(trace, rows), error: undefined }));
      return page;
    };
    const { pagination } = await spans(0, FIRST_PAGE);
    const least = (pagination.num_pages - 1) * FIRST_PAGE;
    if (least > 0) await spans(FIRST_PAGE, MOST_SPANS - FIRST_PAGE);
    change(() => ({ loaded: true, moreThan: least >= MOST_SPANS ? least : undefined }));
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
        runs: rows.reduce(withRun, runs).sort((a, b) => asked(b, id) - asked(a, id) || older(a, b)),
      }));
    };
    const runs = findRuns()
      .catch(notFatal)
      .then(() => change(() => ({ runsKnown: true })));
    Promise.all([load(signal), runs]).catch((error: Error) => {
      if (!signal.aborted) change(() => ({ error }));
    });
    return abort;
  }, [session, which, attempt]);

  const run = state.runs[0];
  const runId = by === 'run' ? id : run?.workflowRunExternalId;
  const over = run !== undefined && isOver(run);
  const settled = useSettled(over ? Date.parse(run.finishedAt ?? run.createdAt) : undefined);
  const isOverNow = useRef(over);
  isOverNow.current = over;
  const failed = state.error instanceof RequestError;
  const gathered = useRef<SpanRow[]>([]);
  useEffect(() => {
    if (!runId || settled || failed || !state.loaded || !state.runsKnown) return;
    const { signal, abort } = abortable();
    let drawing: ReturnType<typeof setTimeout> | undefined;
    const draw = (): void => {
      drawing = undefined;
      const rows = gathered.current.splice(0);
      change(({ trace }) => ({ trace: withRows(trace, rows) }));
    };
    const onEvent = ({ type, data }: { type: string; data: string }): void => {
      if (type === 'run') change(({ runs }) => ({ runs: withRun(runs, JSON.parse(data) as Run) }));
      if (type === 'tasks') change(() => ({ tasks: (JSON.parse(data) as { tasks: OpenTask[] }).tasks }));
      if (type !== 'spans') return;
      gathered.current.push(...(JSON.parse(data) as SpanRow[]));
      drawing ??= setTimeout(draw, GATHER_MS);
    };
    const onState = (stream: StreamState): void => {
      change(() => ({ stream }));
      if (stream === 'live') void load(signal).catch(() => undefined); // what has come between the page and the stream
    };
    const again = (): boolean => !isOverNow.current;
    void follow(session, `traces/stream?run_external_id=${runId}`, { onEvent, onState, again, signal });
    return () => {
      clearTimeout(drawing);
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
    const { rows } = await requestJson<Listed<SpanRow>>(session, `traces?${which}&offset=${offset}&limit=1`);
    if (rows[0]?.spanId === spanId) change(({ trace }) => ({ trace: withRows(trace, rows) }));
  };
  return { ...state, retry, loadWhole: (row) => void loadWhole(row).catch(() => undefined) }; // it stays as it is
}

const BEGINNING: Loaded = { trace: NO_SPANS, loaded: false, runs: [], runsKnown: false, tasks: [], stream: 'none' };

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

function withRun(runs: readonly Run[], run: Run): Run[] {
  const known = runs.findIndex((each) => each.workflowRunExternalId === run.workflowRunExternalId);
  return known < 0 ? [...runs, run] : runs.with(known, run);
}

const asked = (run: Run, id: string): number => Number(run.workflowRunExternalId === id);
const older = (a: Run, b: Run): number => (a.createdAt < b.createdAt ? -1 : 1);

/** The trace can be read without what the list says of its runs. */
function notFatal(error: Error): void {
  if (error instanceof RequestError && error.failure === 'not-allowed') throw error;
}
