/**
 * Name of a workflow as the SDK sends it and the worker receives it: in the client's namespace and in lower case, so that
 * spans and metrics of both sides have one destination.
 *
 * @param workflow a name, a declaration or a v0 definition with its id
 */
export function sentWorkflowName(workflow: unknown, namespace: string | undefined): string | undefined {
  const { name, id } = typeof workflow === 'string' ? { name: workflow } : ((workflow ?? {}) as WorkflowLike);
  return inNamespace(name ?? id, namespace)?.toLowerCase();
}

/** Key of an event as the SDK sends it, in the client's namespace. */
export function sentEventKey(key: unknown, namespace: string | undefined): string | undefined {
  return inNamespace(key, namespace);
}

interface WorkflowLike {
  readonly name?: unknown;
  readonly id?: unknown;
}

function inNamespace(name: unknown, namespace: string | undefined): string | undefined {
  if (typeof name !== 'string') return undefined;
  return namespace && !name.startsWith(namespace) ? `${namespace}${name}` : name;
}
