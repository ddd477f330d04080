import { plural } from '../text/format.ts';
import { visibleText } from '../text/visible-text.ts';
import type { OpenTask } from './use-trace.ts';

const SHOWN = 6;

/** What a trace that grows still waits for. */
export function OpenTasks({ tasks }: { tasks: readonly OpenTask[] }) {
  if (tasks.length === 0) return null;
  return (
    <section class="open-tasks" aria-label="Still to come" aria-live="polite">
      <strong>Waits for</strong>
      <ul>
        {tasks.slice(0, SHOWN).map((task) => (
          <li key={task.taskId}>
            <span class="task">{visibleText(task.name.slice(0, 100))}</span>: {stateOf(task)}
          </li>
        ))}
        {tasks.length > SHOWN && <li>and {plural(tasks.length - SHOWN, 'task')} more</li>}
      </ul>
    </section>
  );
}

function stateOf({ attempt, status, waitingFor }: OpenTask): string {
  const which = attempt > 1 ? `attempt ${attempt}, ` : '';
  return which + visibleText((waitingFor ?? status.toLowerCase()).slice(0, 120));
}
