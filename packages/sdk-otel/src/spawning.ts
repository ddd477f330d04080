import type { SpanValues } from './attributes.ts';
import { type Metadata, parseMetadata } from './carrier.ts';
import { sending, sendingBulk } from './sending.ts';
import type { ClientTelemetryConfig } from './settings.ts';
import type { SpanPlan, Telemetry } from './telemetry.ts';
import type { PreparedCall } from './traced-call.ts';

/** A child as a durable task sends it to the engine: everything in it is text already. */
export interface Child {
  readonly name: string;
  readonly input: string;
  readonly parentId?: string | undefined;
  readonly parentTaskRunExternalId?: string | undefined;
  readonly childIndex?: number | undefined;
  readonly childKey?: string | undefined;
  readonly additionalMetadata?: string | undefined;
  readonly desiredWorkerId?: string | undefined;
  readonly priority?: number | undefined;
}

/** The acknowledgement: the runs, in the order of the children. */
export interface SpawnedChildren {
  readonly runEntries?: readonly { readonly workflowRunExternalId: string }[];
}

/** Children of a durable task, until the engine has acknowledged them: one is a run, several are a bulk of runs. */
export function spawning<
  Args extends readonly unknown[],
  Result extends Promise<SpawnedChildren>,
  C extends Child = Child,
>(
  telemetry: Telemetry,
  spawn: {
    readonly args: Args;
    readonly children: readonly C[];
    readonly invocation: number;
    readonly client: ClientTelemetryConfig | undefined;
  },
  withChildren: (children: C[]) => Args,
): PreparedCall<Args, Result> {
  const { args, children, invocation, client } = spawn;
  const replayed = invocation > 1 ? invocation : undefined;
  const metadataOf = (child: C) => parseMetadata(child.additionalMetadata, true) ?? child.additionalMetadata;
  const plan = (child: C, given: readonly unknown[] = [child]): SpanPlan => ({
    operation: 'run_workflow',
    args: given,
    client,
    initial: destination(child),
    details: () => ({
      hatchet: {
        parent_id: child.parentId,
        parent_step_run_id: child.parentTaskRunExternalId,
        child_index: child.childIndex,
        child_key: child.childKey,
        desired_worker_id: child.desiredWorkerId,
        priority: child.priority,
        namespace: client?.namespace,
        durable_invocation_count: replayed,
      },
    }),
    data: () => ({ payload: child.input, metadata: child.additionalMetadata }),
  });
  const withMetadata = (child: C, metadata: Metadata): C => ({
    ...child,
    additionalMetadata: JSON.stringify(metadata),
  });
  const [only] = children;
  if (only && children.length === 1) {
    const single = { ...plan(only, args), metadata: metadataOf(only), sent: (ack: SpawnedChildren) => spawned(ack, 0) };
    return sending<Args, Result>(telemetry, args, single, (metadata) => withChildren([withMetadata(only, metadata)]));
  }
  return sendingBulk<Args, C, Result>(
    telemetry,
    {
      operation: 'run_workflows',
      args,
      client,
      items: children,
      details: () => ({
        hatchet: {
          num_workflows: children.length,
          unique_workflow_names: [...new Set(children.map(({ name }) => name))],
          namespace: client?.namespace,
          durable_invocation_count: replayed,
        },
        batch: 'num_workflows',
      }),
      metadata: metadataOf, // what is no object stays as it is
      destination,
      plan: (child) => plan(child),
      withMetadata,
      sent: spawned,
    },
    withChildren,
  );
}

function destination({ name }: Child): SpanValues {
  return { hatchet: { workflow_name: name }, destination: 'workflow_name' };
}

function spawned(ack: SpawnedChildren, index: number): SpanValues {
  return {
    hatchet: { child_workflow_run_id: ack.runEntries?.[index]?.workflowRunExternalId },
    message: 'child_workflow_run_id',
  };
}
