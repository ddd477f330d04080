import { durationText, type PathSegment, type ServiceMark, type TraceLayout } from '@hatchet-ts/waterfall/browser';
import { useState } from 'preact/hooks';
import { request } from '../net/api.ts';
import type { Session } from '../net/session.ts';
import { MOST_SPANS } from '../net/trace-spans.ts';
import { type Subject, traceAddress } from '../route/address.ts';
import { Link } from '../route/navigation.tsx';
import { OutcomeBadge } from '../runs/outcome-badge.tsx';
import { isOver, outcomeOf, reasonText } from '../runs/run.ts';
import { dayTime, plural } from '../text/format.ts';
import { visibleText } from '../text/visible-text.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { ServiceChip } from '../ui/service-chip.tsx';
import { StreamStatus } from '../ui/stream-status.tsx';
import type { OpenTask, TraceState } from './use-trace.ts';

interface TraceHeadProps {
  session: Session;
  subject: Subject;
  state: TraceState;
  /** The trace has spans of other runs, which are not shown. */
  hasOthers: boolean;
  layouts: readonly TraceLayout[];
  layout: TraceLayout;
  marks: ReadonlyMap<string, ServiceMark>;
  totals: Record<PathSegment['kind'], bigint>;
}

/** Summary of a trace: its workflow, outcome, duration, services and ids. */
export function TraceHead({ session, subject, state, hasOthers, layouts, layout, marks, totals }: TraceHeadProps) {
  const { runs, loaded, moreThan, stream } = state;
  const [run] = runs;
  const started = new Date(Number(layout.startTimeUnixNano / 1_000_000n));
  return (
    <section class="trace-head" aria-label="Trace">
      <div class="title-line">
        <h1>{run ? visibleText(run.workflowName.slice(0, 200)) : 'Trace'}</h1>
        {run && <OutcomeBadge outcome={outcomeOf(run)} />}
        <StreamStatus state={run && isOver(run) ? 'none' : stream} />
        <span class="grow" />
        <Download session={session} subject={subject} />
      </div>
      <p class="facts">
        <strong>{durationText(layout.endTimeUnixNano - layout.startTimeUnixNano)}</strong>
        <TimeShare totals={totals} />
        <span>{plural(layout.spanCount, 'span')}</span>
        <time dateTime={started.toISOString()} title={started.toISOString()}>
          {dayTime(started, new Date())}
        </time>
      </p>
      <p class="legend">
        {layout.services.map((service) => (
          <ServiceChip key={service} service={service} mark={marks.get(service)!} />
        ))}
        <span class="grow" />
        {run && <Id name="run" id={run.workflowRunExternalId} />}
        <Id name="trace" id={layout.traceId} />
      </p>
      {run?.endReason && (
        <p class="notice reason" role="status">
          {reasonText(run.endReason)}
        </p>
      )}
      {hasOthers && (
        <p class="notice">
          The trace has other runs, too:{' '}
          <Link to={traceAddress({ by: 'trace', id: layout.traceId })}>show the whole trace</Link>
        </p>
      )}
      {!loaded && <p class="notice">Loading the rest of the trace …</p>}
      {moreThan !== undefined && (
        <p class="notice">
          This trace is too large to show: these are the first {MOST_SPANS.toLocaleString('en')} of more than{' '}
          {moreThan.toLocaleString('en')} spans. The download has all of them.
        </p>
      )}
      {layouts.length > 1 && (
        <p class="notice">
          {subject.by === 'run' ? 'The run has' : 'There are'} {plural(layouts.length, 'trace')}:{' '}
          {layouts.map((each) =>
            each === layout ? (
              <strong key={each.traceId}>{each.traceId.slice(0, 8)}</strong>
            ) : (
              <Link key={each.traceId} to={traceAddress({ by: 'trace', id: each.traceId })}>
                {each.traceId.slice(0, 8)}
              </Link>
            ),
          )}
        </p>
      )}
    </section>
  );
}

const SHARES: [kind: PathSegment['kind'], words: string][] = [
  ['working', 'working'],
  ['waiting', 'waiting'],
  ['between', 'between steps'],
];

/** Shares of the critical path's time. */
function TimeShare({ totals }: { totals: Record<PathSegment['kind'], bigint> }) {
  const all = Number(totals.working + totals.waiting + totals.between) || 1;
  return (
    <span class="share">
      <span class="share-bar" aria-hidden="true">
        {SHARES.map(([kind]) => (
          <span key={kind} class={kind} style={{ '--share': Number(totals[kind]) / all }} />
        ))}
      </span>
      {SHARES.filter(([kind]) => totals[kind] > 0n).map(([kind, words]) => (
        <span key={kind} class={`share-text ${kind}`}>
          {durationText(totals[kind])} {words}
        </span>
      ))}
    </span>
  );
}

function Id({ name, id }: { name: string; id: string }) {
  return (
    <span class="id-fact">
      <span class="faint">{name}</span> <code>{id}</code>
      <CopyButton text={id} what={`${name} id`} />
    </span>
  );
}

/** Button that downloads the trace. Uses `fetch`, as a link cannot send a token. */
function Download({ session, subject: { by, id } }: { session: Session; subject: Subject }) {
  const [state, setState] = useState('');
  const download = async (): Promise<void> => {
    setState('…');
    try {
      const path = `traces/otlp?${by === 'run' ? 'run_external_id' : 'trace_id'}=${id}`;
      const address = URL.createObjectURL(await (await request(session, path)).blob());
      const link = Object.assign(document.createElement('a'), { href: address, download: `${id}.otlp.json` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      setState('');
    } catch (error) {
      setState(`: ${(error as Error).message}`);
    }
  };
  return (
    <button type="button" class="plain" onClick={download} title="Download the spans as OTLP JSON">
      Download{state}
    </button>
  );
}

const SHOWN_TASKS = 6;

/** Tasks that a growing trace waits for. */
export function OpenTasks({ tasks }: { tasks: readonly OpenTask[] }) {
  if (tasks.length === 0) return null;
  return (
    <section class="open-tasks" aria-label="Open tasks" aria-live="polite">
      <strong>Waiting for</strong>
      <ul>
        {tasks.slice(0, SHOWN_TASKS).map((task) => (
          <li key={task.taskId}>
            <span class="task">{visibleText(task.name.slice(0, 100))}</span>: {stateOf(task)}
          </li>
        ))}
        {tasks.length > SHOWN_TASKS && <li>and {plural(tasks.length - SHOWN_TASKS, 'more task')}</li>}
      </ul>
    </section>
  );
}

function stateOf({ attempt, status, waitingFor }: OpenTask): string {
  const which = attempt > 1 ? `attempt ${attempt}, ` : '';
  return which + visibleText((waitingFor ?? status.toLowerCase()).slice(0, 120));
}
