import { useEffect, useRef, useState } from 'preact/hooks';
import { type Listed, requestJson } from '../net/api.ts';
import { followStream, type StreamState } from '../net/event-stream.ts';
import type { Session } from '../net/session.ts';
import type { Filters } from '../route/address.ts';
import { listQuery, type Run } from './run.ts';

const PAGE = 50;
const RELOAD_MS = 800;

interface RunsState {
  runs?: Run[];
  error?: Error;
  /** Set if there are older runs. */
  more: boolean;
  stream: StreamState;
  loadMore: () => void;
  retry: () => void;
}

/** Loads the list of runs, newest first, and keeps it up to date. */
export function useRuns(session: Session, filters: Filters): RunsState {
  const [runs, setRuns] = useState<Run[]>();
  const [error, setError] = useState<Error>();
  const [more, setMore] = useState(false);
  const [stream, setStream] = useState<StreamState>('connecting');
  const [attempt, setAttempt] = useState(0);
  const { status, workflow, text, children } = filters;
  const filtersNow = useRef(filters);
  filtersNow.current = filters;
  const known = useRef<Run[]>([]);
  const show = (next: Run[]): void => {
    known.current = next;
    setRuns(next);
  };

  const load = async (offset: number, signal?: AbortSignal): Promise<void> => {
    try {
      const { rows, pagination } = await requestJson<Listed<Run>>(
        session,
        listQuery(filtersNow.current, offset, PAGE),
        signal,
      );
      show(offset === 0 ? rows : appendPage(known.current, rows));
      setMore(pagination.next_page > pagination.current_page);
      setError(undefined);
    } catch (cause) {
      if (!signal?.aborted) setError(cause as Error);
    }
  };

  useEffect(() => {
    const controller = new AbortController();
    void load(0, controller.signal);
    return () => controller.abort();
  }, [session, status, workflow, text, children, attempt]);

  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const reload = (): void => {
      timer = undefined;
      void load(0, controller.signal);
    };
    const onEvent = ({ type, data }: { type: string; data: string }): void => {
      if (type !== 'run') return;
      const update = applyUpdate(known.current, JSON.parse(data) as Run, filtersNow.current);
      show(update.runs);
      if (update.unsure) timer ??= setTimeout(reload, RELOAD_MS);
    };
    const path = `traces/stream?include_children=${children}`;
    void followStream(session, path, { onEvent, onState: setStream, signal: controller.signal });
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [session, children]);

  return {
    runs,
    error,
    more,
    stream,
    loadMore: () => void load(known.current.length),
    retry: () => setAttempt((n) => n + 1),
  };
}

/**
 * Applies an update of a run to the list. Replaces a listed run, removes it if it no longer matches the filters, and
 * inserts a new run by its time. `unsure` is set if only the server can decide whether the run matches.
 */
export function applyUpdate(runs: readonly Run[], update: Run, filters: Filters): { runs: Run[]; unsure: boolean } {
  const known = runs.findIndex((run) => run.workflowRunExternalId === update.workflowRunExternalId);
  const fits =
    (!filters.status || filters.status === update.status) &&
    (!filters.workflow || filters.workflow === update.workflowName);
  if (known >= 0) return { runs: fits ? runs.with(known, update) : runs.toSpliced(known, 1), unsure: false };
  if (!fits) return { runs: [...runs], unsure: false };
  if (filters.text.trim()) return { runs: [...runs], unsure: true }; // the search covers data that only the server has
  const place = runs.findIndex((run) => run.createdAt <= update.createdAt);
  if (place < 0 && runs.length > 0) return { runs: [...runs], unsure: false }; // older than the loaded runs
  return { runs: runs.toSpliced(Math.max(0, place), 0, update), unsure: false };
}

/** Appends a page. Skips listed runs, as newer runs shift the pages. */
export function appendPage(runs: readonly Run[], page: readonly Run[]): Run[] {
  const known = new Set(runs.map((run) => run.workflowRunExternalId));
  return [...runs, ...page.filter((run) => !known.has(run.workflowRunExternalId))];
}
