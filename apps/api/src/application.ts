import { type Context, Hono } from 'hono';
import { ApiError, errorResponse } from './errors/api-error.ts';
import { createPage, type PageOptions } from './page/page.ts';
import { STREAM_PATH, traceStream } from './page/trace-stream.ts';
import { requestTracing } from './request-tracing.ts';
import { OPEN_ROUTES, TENANT_ROUTES } from './routes/index.ts';
import { unimplementedFeature } from './routes/unimplemented.ts';
import { type Authenticated, authentication } from './routing/authentication.ts';
import { limitBody } from './routing/body-limit.ts';
import type { Dependencies } from './routing/dependencies.ts';
import { honoPath, type Route } from './routing/route.ts';

/** Creates the Hono application: Hatchet's REST contract, and the page. */
export function createApplication(dependencies: Dependencies, page: PageOptions = {}): Hono<Authenticated> {
  const app = new Hono<Authenticated>();
  app.use(requestTracing());
  app.route('/', createPage(page));
  mount(app, OPEN_ROUTES, dependencies);
  app.use('/api/v1/*', authentication(dependencies.verifyToken));
  app.use('/api/v1/*', limitBody());
  app.get(STREAM_PATH, traceStream(dependencies));
  mount(app, TENANT_ROUTES, dependencies);

  app.notFound((c) => {
    const { method, path } = c.req;
    const feature = unimplementedFeature(method, path);
    return feature
      ? errorResponse(c, 501, `this server does not support ${feature} (${method} ${path}); Hatchet's own API does`)
      : errorResponse(c, 404, `there is no ${method} ${path}`);
  });
  app.onError((error, c) => answerError(error, c, dependencies));
  return app;
}

function mount(app: Hono<Authenticated>, routes: readonly Route[], dependencies: Dependencies): void {
  for (const route of routes)
    app.on(route.method.toUpperCase(), honoPath(route), (c) => route.respond(c, dependencies));
}

function answerError(error: Error, c: Context, { logger }: Dependencies): Response {
  if (error instanceof ApiError) {
    if (error.status >= 500) logger.warn({ status: error.status, cause: brief(error.cause) }, error.message);
    return errorResponse(c, error.status, error.message);
  }
  if (isBadData(error)) {
    return errorResponse(c, 400, 'a value cannot be stored: remove NUL characters, and keep numbers in range');
  }
  if (isDatabaseUnavailable(error)) {
    logger.warn({ cause: brief(error) }, 'the database is not available');
    return errorResponse(c, 503, 'the database is not available: try again later');
  }
  logger.error({ err: { type: error.name, message: error.message, stack: error.stack } }, 'request failed');
  return errorResponse(c, 500, 'internal server error; see the server log');
}

/** SQLSTATE class 22 (data exception): https://www.postgresql.org/docs/current/errcodes-appendix.html */
function isBadData(error: Error): boolean {
  return 'code' in error && /^22...$/.test(String(error.code));
}

/** System errors, and SQLSTATE classes 08 (connection), 28 (login), 3D (no such database), 53 (resources), 57 (shutdown). */
const UNAVAILABLE = /^(E[A-Z]+|(08|28|3D|53|57)...)$/;

function isDatabaseUnavailable(error: Error): boolean {
  return (
    ('code' in error && UNAVAILABLE.test(String(error.code))) ||
    /connection terminated|timeout exceeded when trying to connect/i.test(error.message)
  );
}

function brief(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause ?? '');
}
