import { traceAddress } from '../route/address.ts';
import { Link } from '../route/navigation.tsx';
import { dayTime, milliseconds } from '../text/format.ts';
import { visibleText } from '../text/visible-text.ts';
import { useNow } from '../ui/use-now.ts';
import { OutcomeBadge } from './outcome-badge.tsx';
import { isOver, outcomeOf, type Run } from './run.ts';

/** Table of runs; on a phone, each is a card. */
export function RunTable({ runs }: { runs: readonly Run[] }) {
  const now = useNow(runs.some((run) => !isOver(run)));
  return (
    <table class="runs">
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">Status</th>
          <th scope="col" class="number">
            Duration
          </th>
          <th scope="col" class="number">
            Queue time
          </th>
          <th scope="col" class="number">
            Spans
          </th>
          <th scope="col" class="number">
            Errors
          </th>
          <th scope="col" class="number">
            Created
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.workflowRunExternalId} run={run} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function RunRow({ run, now }: { run: Run; now: Date }) {
  const created = new Date(run.createdAt);
  const over = isOver(run);
  const duration = run.durationMs ?? (over ? undefined : now.getTime() - created.getTime());
  const { workflowRunExternalId: id, workflowName, displayName } = run;
  return (
    <tr class={over ? '' : 'open'}>
      <th scope="row">
        <Link to={traceAddress({ by: 'run', id })}>{visibleText(workflowName.slice(0, 200)) || '(no name)'}</Link>
        <span class="id" title={visibleText(displayName ?? id)}>
          {id.slice(-12)}
        </span>
      </th>
      <td data-label="Status">
        <OutcomeBadge outcome={outcomeOf(run)} />
      </td>
      <td class="number" data-label="Duration">
        {duration === undefined ? '–' : milliseconds(duration)}
      </td>
      <td class="number faint" data-label="Queue time">
        {run.queuedMs === undefined ? '–' : milliseconds(run.queuedMs)}
      </td>
      <td class="number faint" data-label="Spans">
        {run.spanCount.toLocaleString('en')}
      </td>
      <td class={`number ${run.errorCount > 0 ? 'has-errors' : 'faint'}`} data-label="Errors">
        {run.errorCount.toLocaleString('en')}
      </td>
      <td class="number faint" data-label="Created">
        <time dateTime={run.createdAt} title={created.toLocaleString()}>
          {dayTime(created, now)}
        </time>
      </td>
    </tr>
  );
}
