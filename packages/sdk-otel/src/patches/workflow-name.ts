/** Returns the name of a workflow that a caller gives as a name, a declaration or a v0 definition with its id. */
export function nameOfWorkflow(workflow: unknown): string | undefined {
  if (typeof workflow === 'string') return workflow;
  const { name, id } = (workflow ?? {}) as { name?: unknown; id?: unknown };
  const found = name ?? id;
  return typeof found === 'string' ? found : undefined;
}
