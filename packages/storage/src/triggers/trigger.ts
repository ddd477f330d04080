/** Fields that a new cron and a new schedule share. Input and metadata are JSON text. */
export interface NewTrigger {
  tenantId: string;
  /** Name or id. */
  workflow: string;
  input: string;
  additionalMetadata: string;
  /** 1 to 3. Defaults to the workflow's priority. */
  priority?: number;
}

/** Fields that a cron and a schedule share. Input and metadata are JSON text. */
export interface TriggerView {
  id: string;
  tenantId: string;
  workflowId: string;
  workflowVersionId: string;
  workflowName: string;
  /** `DEFAULT`: created by the workflow's own code, not through the API. */
  method: 'DEFAULT' | 'API';
  input: string;
  additionalMetadata: string;
  priority: number | null;
  createdAt: Date;
  updatedAt: Date;
}
