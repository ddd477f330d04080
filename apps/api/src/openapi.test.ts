import { Database } from '@hatchet-ts/storage';
import { createTokenVerifier } from '@hatchet-ts/storage/credentials';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createApplication } from './application.ts';
import { EngineClient } from './engine/engine-client.ts';
import { RunTrigger } from './engine/run-trigger.ts';
import { isPagePath } from './page/page.ts';
import { isStreamPath } from './page/trace-stream.ts';
import type { OpenApiDocument } from './routing/openapi.ts';

const NOWHERE = '127.0.0.1:1';

it('The OpenAPI document has every route of the application, and no other', async () => {
  const db = new Database(`postgres://nobody@${NOWHERE}/none`, { applicationName: 'api test' });
  const engine = new EngineClient(NOWHERE);
  const application = createApplication({
    db,
    engine,
    runTrigger: new RunTrigger(NOWHERE),
    verifyToken: createTokenVerifier(db),
    logger: pino({ level: 'silent' }),
    stopping: new AbortController().signal,
  });
  const response = await application.request('/api/v1/openapi.json');
  expect(response.status).toBe(200);
  const document = (await response.json()) as OpenApiDocument;
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = application.routes
    .filter(({ method }) => method !== 'ALL')
    // page files and the stream of events are not JSON operations
    .filter(({ path }) => !isPagePath(path) && !isStreamPath(path))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
  expect(served.toSorted()).toEqual(described.toSorted());
  expect(served.length).toBeGreaterThan(35);

  const ids = Object.values(document.paths).flatMap((operations) =>
    Object.values(operations).map((operation) => operation.operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, id]) => id);
  expect(references.filter((id) => !(id! in document.components.schemas))).toEqual([]);
  engine.close();
  await db.close();
});
