import { expect, it } from 'vitest';
import { HATCHET_TEXTS } from './hatchet-texts.ts';

it('Errors in Hatchet’s words are Hatchet’s to the letter', () => {
  const { workflowNamesNotFound, ...texts } = HATCHET_TEXTS;
  expect(workflowNamesNotFound('order')).toBe('workflow names not found: order');
  expect(texts).toEqual({
    workflowNotFound: 'workflow not found',
    versionNotFound: 'version not found',
    runNotFound: 'workflow run not found',
    taskNotFound: 'task not found',
    eventNotFound: 'event not found',
    workerNotFound: 'worker not found',
    cronNotFound: 'cron workflow not found',
    traceNotFound: 'trace not found',
  });
});
