export type {
  BatchConfig,
  DesiredLabel,
  DesiredLabels,
  Idempotency,
  LabelComparator,
  Step,
  Workflow,
  WorkflowDefinition,
} from './definition.ts';
export {
  definitionsOfVersions,
  findWorkflows,
  type NewDefinition,
  putWorkflow,
  workflowsOfEvents,
} from './workflows.ts';
