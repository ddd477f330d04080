import type { Queryable } from '@hatchet-ts/storage';
import { definitionsOfVersions, findWorkflows, type Step, type Workflow } from '@hatchet-ts/storage/workflows';

/** The registered workflows, kept in memory: only this engine registers any, the API deletes some, and a version never changes. */
export interface Registry {
  /** A workflow was registered. */
  registered(workflow: Workflow): void;
  /** A workflow was deleted; without an id, any may have been. Its versions stay, for the runs that have them. */
  deleted(workflowId: string | undefined): void;
  /** A tenant's workflows by their names; names without a workflow are left out. */
  workflows(tenantId: string, names: readonly string[]): Promise<Map<string, Workflow>>;
  /** Reads the steps of these versions, so that `steps` knows them; inside a transaction `through` that. */
  load(versionIds: readonly string[], through?: Queryable): Promise<void>;
  /** The steps of a version that was loaded; empty for one that was not. */
  steps(versionId: string): readonly Step[];
}

export function createRegistry(db: Queryable): Registry {
  const current = new Map<string, Workflow>();
  const steps = new Map<string, readonly Step[]>();
  const keyOf = (tenantId: string, name: string) => `${tenantId} ${name}`;

  function registered(workflow: Workflow): void {
    current.set(keyOf(workflow.tenantId, workflow.name), workflow);
    steps.set(workflow.versionId, workflow.definition.steps);
  }

  return {
    registered,
    deleted(workflowId) {
      for (const [key, { id }] of current) if (workflowId === undefined || id === workflowId) current.delete(key);
    },
    async workflows(tenantId, names) {
      const unknown = [...new Set(names)].filter((name) => !current.has(keyOf(tenantId, name)));
      if (unknown.length > 0) for (const workflow of await findWorkflows(db, tenantId, unknown)) registered(workflow);
      const found = names
        .map((name) => current.get(keyOf(tenantId, name)))
        .filter((workflow) => workflow !== undefined);
      return new Map(found.map((workflow) => [workflow.name, workflow]));
    },
    async load(versionIds, through = db) {
      const unknown = [...new Set(versionIds)].filter((id) => !steps.has(id));
      if (unknown.length === 0) return;
      for (const [id, definition] of await definitionsOfVersions(through, unknown)) steps.set(id, definition.steps);
    },
    steps: (versionId) => steps.get(versionId) ?? [],
  };
}
