import type { PreparedCall } from '../call/prepared-call.ts';
import type { ClientTelemetryConfig } from '../configuration/settings.ts';
import { type Metadata, parseMetadata } from '../context/carrier.ts';
import { prepareBulkSend, prepareSend } from '../producing/send.ts';
import type { SpanValues } from '../tables/attributes.ts';
import type { SpanPlan } from '../telemetry/span.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** Child as a durable task sends it to the engine, already serialized. */
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

/** Acknowledgement with the runs in the order of the children. */
export interface SpawnedChildren {
  readonly runEntries?: readonly { readonly workflowRunExternalId: string }[];
}

/** Prepares the spawn of a durable task's children, until the engine acknowledges them: one is a run, several are a bulk. */
export function prepareSpawn<
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
    const single = {
      ...plan(only, args),
      metadata: metadataOf(only),
      resultValues: (ack: SpawnedChildren) => spawnedRun(ack, 0),
    };
    return prepareSend<Args, Result>(telemetry, args, single, (metadata) =>
      withChildren([withMetadata(only, metadata)]),
    );
  }
  return prepareBulkSend<Args, C, Result>(
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
      metadata: metadataOf, // a text that is not an object stays unchanged
      destination,
      plan: (child) => plan(child),
      withMetadata,
      resultValues: spawnedRun,
    },
    withChildren,
  );
}

function destination({ name }: Child): SpanValues {
  return { hatchet: { workflow_name: name }, destination: 'workflow_name' };
}

function spawnedRun(ack: SpawnedChildren, index: number): SpanValues {
  return {
    hatchet: { child_workflow_run_id: ack.runEntries?.[index]?.workflowRunExternalId },
    message: 'child_workflow_run_id',
  };
}
