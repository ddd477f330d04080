import type { PutLogRequest } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import type { NewLogLine } from '@hatchet-ts/storage/logs';
import { Refusal } from '../refusal.ts';
import { metadataField, storableText, uuidField } from './fields.ts';

/** The TypeScript SDK drops lines above a tenth of this itself. */
const MOST_CHARACTERS = 10_000;

/** Reads a line that a task has logged. @throws Refusal */
export function logLine(request: PutLogRequest): NewLogLine {
  const { taskRunExternalId, message, level, metadata, createdAt, taskRetryCount } = request;
  if (message.length > MOST_CHARACTERS) {
    throw new Refusal('invalid', `a log line may have ${MOST_CHARACTERS} characters at most, not ${message.length}`);
  }
  return {
    taskId: uuidField(taskRunExternalId, 'taskRunExternalId'),
    retryCount: taskRetryCount ?? 0,
    level: LEVELS[level?.toUpperCase() ?? ''] ?? 'INFO',
    message: storableText(message),
    metadata: metadataField(metadata, 'metadata'),
    createdAt: createdAt ?? new Date(),
  };
}

/** Hatchet has four levels; SDKs of other languages have names of their own for them. */
const LEVELS: Record<string, NewLogLine['level']> = {
  TRACE: 'DEBUG',
  DEBUG: 'DEBUG',
  INFO: 'INFO',
  WARN: 'WARN',
  WARNING: 'WARN',
  ERROR: 'ERROR',
  CRITICAL: 'ERROR',
  FATAL: 'ERROR',
};
