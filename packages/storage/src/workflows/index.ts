export type { BatchConfig, Step, Workflow, WorkflowDefinition } from './definition.ts';
export {
  definitionsOfVersions,
  findWorkflows,
  type NewDefinition,
  putWorkflow,
  workflowsOfEvents,
} from './workflows.ts';
