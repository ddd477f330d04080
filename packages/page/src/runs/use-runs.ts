import { useEffect, useRef, useState } from 'preact/hooks';
import { type Listed, requestJson } from '../net/api.ts';
import type { Session } from '../net/session.ts';
import { follow, type StreamState } from '../net/stream.ts';
import type { Filters } from '../route/address.ts';
import { listQuery, type Run } from './run.ts';
import { withNews, withPage } from './run-list.ts';

const PAGE = 50;
const UNSURE_MS = 800;

export interface RunsState {
  runs?: Run[];
  error?: Error;
  /** There are older ones. */
  more: boolean;
  stream: StreamState;
  loadMore: () => void;
  retry: () => void;
}

/** The list of runs, the newest first, which fills by itself. */
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
      show(offset === 0 ? rows : withPage(known.current, rows));
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
    let again: ReturnType<typeof setTimeout> | undefined;
    const ask = (): void => {
      again = undefined;
      void load(0, controller.signal);
    };
    const onEvent = ({ type, data }: { type: string; data: string }): void => {
      if (type !== 'run') return;
      const news = withNews(known.current, JSON.parse(data) as Run, filtersNow.current);
      show(news.runs);
      if (news.unsure) again ??= setTimeout(ask, UNSURE_MS);
    };
    const path = `traces/stream?include_children=${children}`;
    void follow(session, path, { onEvent, onState: setStream, signal: controller.signal });
    return () => {
      controller.abort();
      clearTimeout(again);
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
