import { useEffect } from 'preact/hooks';
import type { Session } from '../net/session.ts';
import { type Filters, NO_FILTERS, runsAddress } from '../route/address.ts';
import { Link } from '../route/navigation.tsx';
import { FailureMessage, Message } from '../ui/message.tsx';
import { StreamStatus } from '../ui/stream-status.tsx';
import { RunFilters } from './run-filters.tsx';
import { RunTable } from './run-table.tsx';
import { useRuns } from './use-runs.ts';

/** Page of recent runs, newest first. */
export function RunsPage({ session, filters, onForget }: { session: Session; filters: Filters; onForget: () => void }) {
  const { runs, error, more, stream, loadMore, retry } = useRuns(session, filters);
  useEffect(() => {
    document.title = 'Runs';
  }, []);
  const filtered = runsAddress({ ...filters, children: false }) !== '/';
  return (
    <div class="runs-page">
      <div class="title-line">
        <h1>Runs</h1>
        <StreamStatus state={error ? 'none' : stream} />
      </div>
      <RunFilters filters={filters} workflows={[...new Set(runs?.map((run) => run.workflowName))].sort()} />
      {error && !runs ? (
        <FailureMessage error={error} what="list of runs" onRetry={retry} onForget={onForget} />
      ) : !runs ? (
        <Message kind="loading" title="Loading the runs …" />
      ) : runs.length === 0 ? (
        filtered ? (
          <NoMatch filters={filters} />
        ) : (
          <NoRuns />
        )
      ) : (
        <>
          {error && <FailureMessage error={error} what="list of runs" onRetry={retry} onForget={onForget} />}
          <RunTable runs={runs} />
          {more && (
            <button type="button" class="more" onClick={loadMore}>
              Show older runs
            </button>
          )}
        </>
      )}
    </div>
  );
}

function NoRuns() {
  return (
    <Message title="No runs yet">
      <p>Runs appear here when they are triggered. To trigger a run of the sample:</p>
      <pre>npm run order</pre>
      <p>
        Or trigger a workflow of your own: start a worker with the variables that <code>npm start</code> printed.
      </p>
    </Message>
  );
}

function NoMatch({ filters }: { filters: Filters }) {
  return (
    <Message title="No matching runs">
      <p>
        <Link to={runsAddress({ ...NO_FILTERS, children: filters.children })}>Show all runs</Link>
        {!filters.children && (
          <>
            , or{' '}
            <Link to={runsAddress({ ...filters, children: true })}>include runs that other runs have triggered</Link>
          </>
        )}
      </p>
    </Message>
  );
}
