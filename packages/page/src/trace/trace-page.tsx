import { criticalPath, errorRows, serviceMarks } from '@hatchet-ts/waterfall/browser';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { SpanDetails } from '../details/span-details.tsx';
import type { Session } from '../net/session.ts';
import type { Subject, TraceView } from '../route/address.ts';
import { isOver } from '../runs/run.ts';
import { FailureMessage, Message } from '../shell/message.tsx';
import { useNow } from '../shell/use-now.ts';
import { visibleText } from '../text/visible-text.ts';
import { Minimap } from './minimap.tsx';
import { OpenTasks } from './open-tasks.tsx';
import { pathOnRows, pathTotals } from './path-rows.ts';
import { Toolbar } from './toolbar.tsx';
import { TraceHead } from './trace-head.tsx';
import { TreeGrid } from './tree-grid.tsx';
import { useCommands } from './use-commands.ts';
import { useLayout } from './use-layout.ts';
import { useTrace } from './use-trace.ts';
import { useChangeView } from './use-view.ts';

/** Of a trace that grows, larger ones are laid out less often. */
const GROWTH_MS = (spans: number): number => (spans > 2000 ? 3000 : 1000);

interface TracePageProps {
  session: Session;
  subject: Subject;
  view: TraceView;
  onForget: () => void;
}

/** A run's whole trace. */
export function TracePage({ session, subject, view, onForget }: TracePageProps) {
  const state = useTrace(session, subject);
  const { trace, runs, error, loaded } = state;
  const [run] = runs;
  const growing = run !== undefined && !isOver(run);
  const now = useNow(growing, GROWTH_MS(trace.spans.length));
  const shown = useLayout(trace, view, growing ? now.getTime() : undefined);
  const { layouts, layout, visible, selected } = shown;
  const change = useChangeView(subject, view);
  const path = useMemo(
    () => criticalPath(trace.spans.filter((span) => span.traceId === layout?.traceId)),
    [trace.spans, layout?.traceId],
  );
  const pathBars = useMemo(
    () => (view.path && layout ? pathOnRows(layout, visible, path) : undefined),
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
  if (!layout) return loaded ? <NoSpans growing={growing} /> : <Message kind="loading" title="Loading the trace …" />;
  const row = layout.rows[selected];
  return (
    <div class={`trace-page ${row ? 'with-details' : ''}`}>
      <TraceHead
        session={session}
        subject={subject}
        state={state}
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
          pathBars={pathBars}
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
            onPart={state.loadWhole}
            onClose={() => command('back')}
          />
        )}
      </div>
    </div>
  );
}

function NoSpans({ growing }: { growing: boolean }) {
  if (growing) {
    return (
      <Message kind="loading" title="The run has begun">
        <p>Spans come when they end: the first of them in a moment.</p>
      </Message>
    );
  }
  return (
    <Message title="Nothing was recorded of this run">
      <p>
        Its worker sends no spans to this engine, its trace was not sampled, or the spans are older than what is kept.
        Give your worker an exporter to the engine's own port, as the README shows, and run it again.
      </p>
    </Message>
  );
}
