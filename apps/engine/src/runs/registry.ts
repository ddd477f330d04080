import type { Queryable } from '@hatchet-ts/storage';
import { definitionsOfVersions, findWorkflows, type Step, type Workflow } from '@hatchet-ts/storage/workflows';

/** Cache of registered workflows: only this engine registers any, the API deletes some, and a version never changes. */
export class Registry {
  readonly #db: Queryable;
  readonly #current = new Map<string, Workflow>();
  readonly #steps = new Map<string, readonly Step[]>();

  constructor(db: Queryable) {
    this.#db = db;
  }

  add(workflow: Workflow): void {
    this.#current.set(keyOf(workflow.tenantId, workflow.name), workflow);
    this.#steps.set(workflow.versionId, workflow.definition.steps);
  }

  /** Drops a deleted workflow; without an id, all. Versions stay, for the runs that have them. */
  readonly forget = (workflowId: string | undefined): void => {
    for (const [key, { id }] of this.#current) {
      if (workflowId === undefined || id === workflowId) this.#current.delete(key);
    }
  };

  /** Finds a tenant's workflows by name; unknown names are absent from the result. */
  async find(tenantId: string, names: readonly string[]): Promise<Map<string, Workflow>> {
    const missing = [...new Set(names)].filter((name) => !this.#current.has(keyOf(tenantId, name)));
    if (missing.length > 0) {
      for (const workflow of await findWorkflows(this.#db, tenantId, missing)) this.add(workflow);
    }
    const found = names
      .map((name) => this.#current.get(keyOf(tenantId, name)))
      .filter((workflow) => workflow !== undefined);
    return new Map(found.map((workflow) => [workflow.name, workflow]));
  }

  /** Loads the steps of these versions, for `steps`; inside a transaction through that. */
  async load(versionIds: readonly string[], through = this.#db): Promise<void> {
    const missing = [...new Set(versionIds)].filter((id) => !this.#steps.has(id));
    if (missing.length === 0) return;
    for (const [id, { steps }] of await definitionsOfVersions(through, missing)) this.#steps.set(id, steps);
  }

  /** Steps of a loaded version; empty if it was not loaded. */
  steps(versionId: string): readonly Step[] {
    return this.#steps.get(versionId) ?? [];
  }
}

function keyOf(tenantId: string, name: string): string {
  return `${tenantId} ${name}`;
}
