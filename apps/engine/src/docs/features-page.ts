import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { EventsServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { V1DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { MAX_SPANS_PER_TRACE } from '@hatchet-ts/storage/traces';
import { adminService } from '../contract/admin.ts';
import { dispatcherService } from '../contract/dispatcher.ts';
import { durableService } from '../contract/durable.ts';
import { eventsService } from '../contract/events.ts';
import { LEFT_OUT } from '../contract/left-out.ts';
import { MOST_BYTES, MOST_ITEMS } from '../contract/limits.ts';
import { isLeftOut } from '../contract/unimplemented.ts';
import { WorkflowsDefinition, workflowService } from '../contract/workflows.ts';
import { TIMING } from '../scheduling/timing.ts';
import { FEATURES } from './features.ts';

/** The page on what this engine does and does not do, as Markdown, made from the tables that the code reads. */
export function featuresPage(): string {
  const left = LEFT_OUT.map(({ feature, by }) => [feature.replace(/,$/, ''), by]);
  const methods = leftOutMethods().map((method) => [`\`${method}\``, 'gRPC method']);
  return `# What the engine does

<!-- made by \`pnpm --filter @hatchet-ts/engine run docs\` from the tables in apps/engine/src -->

The engine speaks Hatchet's worker and client contract to the unmodified official SDKs. It is for development, tests and
small installations; whoever outgrows one engine moves the same workers to Hatchet's own.

${table(
  ['feature', 'how', 'tests'],
  FEATURES.map(({ feature, how, tests }) => [feature, how, tests.map(code).join(', ')]),
)}

## What it leaves out

Whoever asks for one of these gets an error that names it and says that Hatchet's own engine has it: at registration, or
at the call (gRPC status \`UNIMPLEMENTED\`, HTTP status 501). Nothing is accepted and ignored.

${table(['feature', 'asked for by'], [...left, ...methods])}

Webhooks, filters and CEL debugging are REST routes of Hatchet's that answer 501.

## Limits

- A call has at most ${MOST_ITEMS} runs, events, schedules or ids, and a message at most ${MOST_BYTES / 1024 / 1024} MiB, in either direction. A task whose
  input, metadata and parents' outputs are larger than that together fails with an error that says so.
- A worker that was not heard of for ${TIMING.heartbeat / 1_000} s has lost its tasks: they go to another one and count as no retry.
- Cron firings that came due while no engine ran are made up for, ${TIMING.catchUp / 3_600_000} h back.
- One engine schedules on a database. A second one refuses to start and says who holds the lock; one that loses it (the
  database was restarted) schedules nothing until it has it again.
- Logs and pieces of streams make no spans: their number is the task's. A pass over many runs links to 128 of them at most.
  The engine keeps ${MAX_SPANS_PER_TRACE.toLocaleString('en')} spans of a trace and answers by a partial success that it takes no more.
`;
}

/** Of every service, the methods that only refuse. The services are made, not used: what they need is not there. */
function leftOutMethods(): string[] {
  const services = [
    [DispatcherDefinition, dispatcherService({} as never)],
    [AdminServiceDefinition, adminService({} as never)],
    [WorkflowsDefinition, workflowService({} as never)],
    [EventsServiceDefinition, eventsService({} as never)],
    [V1DispatcherDefinition, durableService({} as never)],
  ] as const;
  return services.flatMap(([{ fullName, methods }, service]) =>
    Object.entries(methods)
      .filter(([key]) => isLeftOut((service as Record<string, unknown>)[key]))
      .map(([, { name }]) => `${fullName}/${name}`),
  );
}

const code = (text: string) => `\`${text}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
