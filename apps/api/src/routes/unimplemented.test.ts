import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TENANT_ROUTES } from './index.ts';
import { UNIMPLEMENTED_FEATURES, unimplementedFeature } from './unimplemented.ts';

const ID = '00000000-0000-4000-8000-000000000001';
const TENANT = `/api/v1/tenants/${ID}`;

it.each([
  ['GET', `/api/v1/stable/tenants/${ID}/webhooks`, 'webhooks'],
  ['POST', `/api/v1/stable/tenants/${ID}/cel/debug`, 'debugging of CEL expressions'],
  ['POST', `${TENANT}/workflows/crons/${ID}`, 'triggering a cron before its time'],
  ['PATCH', `/api/v1/workflows/${ID}`, 'pausing a workflow'],
  ['GET', `/api/v1/stable/workflow-runs/${ID}/task-timings`, expect.stringContaining('task events and timings')],
  ['GET', `${TENANT}/rate-limits`, 'rate limits'],
  ['POST', `${TENANT}/events/replay`, 'pushing, replaying and canceling events over REST'],
  ['GET', `${TENANT}/something-new`, 'this operation of a tenant'],
  ['GET', '/api/v1/users/current', 'users, members and invites'],
  ['GET', '/api/v1/workflow', undefined],
  ['GET', '/favicon.png', undefined],
])('%s %s names its feature', (method, path, feature) => {
  expect(unimplementedFeature(method, path)).toEqual(feature);
});

it('each feature is in the documents, and so are the refusals of implemented routes', () => {
  const page = readFileSync(new URL('../../../../docs/engine-features.md', import.meta.url), 'utf8').replaceAll(
    /\s+/g,
    ' ',
  );
  const features = new Set(UNIMPLEMENTED_FEATURES.map(({ feature }) => feature.split(';')[0]!));
  features.delete('this operation of a tenant');
  for (const feature of features) expect(page).toContain(feature);
  expect(TENANT_ROUTES.map(({ id }) => id)).toContain('v1DurableTaskBranch');
  expect(page).toContain('branching of a durable task');
});
