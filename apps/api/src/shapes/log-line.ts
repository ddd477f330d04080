import type { LogLineView } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { JSON_OBJECT, objectOf, TIME } from './json.ts';
import { listOf } from './list.ts';

export const LOG_LEVEL = z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']);

export const LOG_LINE = component(
  'V1LogLine',
  z.strictObject({
    createdAt: TIME,
    message: z.string(),
    metadata: JSON_OBJECT,
    level: LOG_LEVEL,
    retryCount: z.int(),
    attempt: z.int(),
    taskExternalId: z.guid(),
    taskDisplayName: z.string(),
  }),
);
export const LOG_LINE_LIST = listOf('V1LogLineList', LOG_LINE);

export function logLineShape(line: LogLineView, taskId: string): z.output<typeof LOG_LINE> {
  return {
    createdAt: line.createdAt.toISOString(),
    message: line.message,
    metadata: objectOf(line.metadata),
    level: line.level,
    retryCount: line.retryCount,
    attempt: line.retryCount + 1,
    taskExternalId: taskId,
    taskDisplayName: line.taskName,
  };
}
