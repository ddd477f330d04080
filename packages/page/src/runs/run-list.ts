import type { Filters } from '../route/address.ts';
import type { Run } from './run.ts';

/**
 * The list after news of a run: a run that is there changes in its place, one that no longer fits goes, a new one comes
 * where its time puts it. `unsure` says that only the server can tell whether it belongs there.
 */
export function withNews(runs: readonly Run[], news: Run, filters: Filters): { runs: Run[]; unsure: boolean } {
  const known = runs.findIndex((run) => run.workflowRunExternalId === news.workflowRunExternalId);
  const fits =
    (!filters.status || filters.status === news.status) &&
    (!filters.workflow || filters.workflow === news.workflowName);
  if (known >= 0) return { runs: fits ? runs.with(known, news) : runs.toSpliced(known, 1), unsure: false };
  if (!fits) return { runs: [...runs], unsure: false };
  if (filters.text.trim()) return { runs: [...runs], unsure: true }; // it searches what only the server has
  const place = runs.findIndex((run) => run.createdAt <= news.createdAt);
  if (place < 0 && runs.length > 0) return { runs: [...runs], unsure: false }; // older than what is loaded
  return { runs: runs.toSpliced(Math.max(0, place), 0, news), unsure: false };
}

/** A further page: runs that came meanwhile have moved some of it to where they are known already. */
export function withPage(runs: readonly Run[], page: readonly Run[]): Run[] {
  const known = new Set(runs.map((run) => run.workflowRunExternalId));
  return [...runs, ...page.filter((run) => !known.has(run.workflowRunExternalId))];
}
