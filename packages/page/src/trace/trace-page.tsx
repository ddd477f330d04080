import { criticalPath, errorRows, serviceMarks, spansOfRun } from '@hatchet-ts/waterfall/browser';
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import { SpanDetails } from '../details/span-details.tsx';
import type { Session } from '../net/session.ts';
import type { TraceSpans } from '../net/trace-spans.ts';
import { type Subject, type TraceView, traceAddress } from '../route/address.ts';
import { navigate } from '../route/navigation.tsx';
import { pathBars, pathTotals } from '../rows/path-bars.ts';
import { TreeGrid } from '../rows/tree-grid.tsx';
import { isOver, type Run, reasonText } from '../runs/run.ts';
import { visibleText } from '../text/visible-text.ts';
import { FailureMessage, Message } from '../ui/message.tsx';
import { useNow } from '../ui/use-now.ts';
import { Minimap } from './minimap.tsx';
import { Toolbar } from './toolbar.tsx';
import { OpenTasks, TraceHead } from './trace-head.tsx';
import { useCommands } from './use-commands.ts';
import { useLayout } from './use-layout.ts';
import { useTrace } from './use-trace.ts';

/** Time between layouts of a growing trace: longer for a large one. */
const layoutPeriodMs = (spans: number): number => (spans > 2000 ? 3000 : 1000);

interface TracePageProps {
  session: Session;
  subject: Subject;
  view: TraceView;
  onForget: () => void;
}

/** Page of a run's trace. */
export function TracePage({ session, subject, view, onForget }: TracePageProps) {
  const state = useTrace(session, subject);
  const { runs, error, loaded } = state;
  const [run] = runs;
  const trace = useOwnSpans(state.trace, subject.by === 'run' ? run?.workflowRunExternalId : undefined);
  const hasOthers = trace.spans.length < state.trace.spans.length;
  const growing = run !== undefined && !isOver(run);
  const now = useNow(growing, layoutPeriodMs(trace.spans.length));
  const shown = useLayout(trace, view, growing ? now.getTime() : undefined);
  const { layouts, layout, visible, selected } = shown;
  const change = useChangeView(subject, view);
  const path = useMemo(
    () => criticalPath(trace.spans.filter((span) => span.traceId === layout?.traceId)),
    [trace.spans, layout?.traceId],
  );
  const barsOfPath = useMemo(
    () => (view.path && layout ? pathBars(layout, visible, path) : undefined),
    [view.path, layout, visible, path],
  );
  const marks = useMemo(() => serviceMarks(layouts.flatMap(({ services }) => services)), [layouts]);
  const errors = useMemo(() => (layout ? errorRows(layout) : []), [layout]);
  const details = useRef<HTMLElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const command = useCommands({ ...shown, view, errors, change, details, grid });

  const name = run?.workflowName ?? (subject.by === 'trace' ? 'Trace' : 'Run');
  useEffect(() => {
    document.title = `${visibleText(name.slice(0, 80))} · ${subject.id.slice(-12)}`;
  }, [name, subject.id]);

  if (error && trace.spans.length === 0) {
    return <FailureMessage error={error} what={subject.by} onRetry={state.retry} onForget={onForget} />;
  }
  if (!layout)
    return loaded ? <NoSpans growing={growing} run={run} /> : <Message kind="loading" title="Loading the trace …" />;
  const row = layout.rows[selected];
  return (
    <div class={`trace-page ${row ? 'with-details' : ''}`}>
      <TraceHead
        session={session}
        subject={subject}
        state={state}
        hasOthers={hasOthers}
        layouts={layouts}
        layout={layout}
        marks={marks}
        totals={pathTotals(path)}
      />
      {error && <FailureMessage error={error} what="rest of the trace" onRetry={state.retry} onForget={onForget} />}
      <OpenTasks tasks={growing ? state.tasks : []} />
      <Toolbar view={view} errors={errors.length} command={command} />
      <Minimap layout={layout} zoom={view.zoom} marks={marks} onZoom={(zoom) => change({ zoom })} />
      <div class="panes">
        <TreeGrid
          layout={layout}
          visible={visible}
          selected={selected}
          view={view}
          marks={marks}
          pathBars={barsOfPath}
          gridRef={grid}
          change={change}
        />
        {row && (
          <SpanDetails
            layout={layout}
            index={selected}
            trace={trace}
            marks={marks}
            detailsRef={details}
            onSelect={(key) => change({ selected: key })}
            onTruncated={state.loadWhole}
            onClose={() => command('back')}
          />
        )}
      </div>
    </div>
  );
}

/** Spans of the run's family; those of other runs are on the page of the trace. */
function useOwnSpans(trace: TraceSpans, runId: string | undefined): TraceSpans {
  return useMemo(() => {
    const spans = runId === undefined ? trace.spans : spansOfRun(trace.spans, runId);
    return spans === trace.spans ? trace : { ...trace, spans };
  }, [trace, runId]);
}

function NoSpans({ growing, run }: { growing: boolean; run: Run | undefined }) {
  if (run?.endReason) {
    return (
      <Message title={run.workflowName}>
        <p>{reasonText(run.endReason)}</p>
      </Message>
    );
  }
  if (growing) {
    return (
      <Message kind="loading" title="The run has started">
        <p>A span is sent when it ends. The first one should appear in a moment.</p>
      </Message>
    );
  }
  return (
    <Message title="No spans of this run were recorded">
      <p>
        The worker sends no spans to this engine, the trace was not sampled, or the spans have expired. Give your worker
        an exporter to the engine's own port, as the README shows, and trigger the run again.
      </p>
    </Message>
  );
}

/** Changes the view of a trace, which is kept in the address so that it can be shared. */
function useChangeView(subject: Subject, view: TraceView): (part: Partial<TraceView>) => void {
  return useCallback(
    (part) => navigate(traceAddress(subject, { ...view, ...part }), { replace: true }),
    [subject.by, subject.id, view],
  );
}
