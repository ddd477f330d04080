import type { PutLogRequest } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import type { NewLogLine } from '@hatchet-ts/storage/logs';
import { Refusal } from '../refusal.ts';
import { metadataField, storableText, uuidField } from './fields.ts';

/** Most characters of a line; the TypeScript SDK drops lines above a tenth of this. */
const MOST_CHARACTERS = 10_000;

/** Reads a task's log line. @throws Refusal */
export function logLine(request: PutLogRequest): NewLogLine {
  const { taskRunExternalId, message, level, metadata, createdAt, taskRetryCount } = request;
  if (message.length > MOST_CHARACTERS) {
    throw new Refusal('invalid', `a log line can have at most ${MOST_CHARACTERS} characters, not ${message.length}`);
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

/** Hatchet's four levels by the names that SDKs of all languages use. */
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
