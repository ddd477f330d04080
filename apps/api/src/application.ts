import { httpServerTracing } from '@hatchet-ts/server-otel';
import { type Context, Hono } from 'hono';
import { ApiError, errorResponse } from './api-error.ts';
import { type Authenticated, authentication } from './authentication.ts';
import { limitedBody, MAX_BODY_BYTES } from './body-limit.ts';
import type { Dependencies } from './dependencies.ts';
import { createPage, isPagePath, type PageOptions } from './page/page.ts';
import { isStreamPath, STREAM_PATH, traceStream } from './page/trace-stream.ts';
import { isHealthPath } from './routes/health.ts';
import { OPEN_ROUTES, TENANT_ROUTES } from './routes/index.ts';
import { isUnimplemented } from './routes/unimplemented.ts';
import { honoPath, type Route } from './routing/route.ts';
import { parentOfTrigger } from './trigger-parent.ts';

/** Hatchet's REST contract as a Hono application. */
export function createApplication(dependencies: Dependencies, page: PageOptions = {}): Hono<Authenticated> {
  const { logger, verifyToken } = dependencies;
  const app = new Hono<Authenticated>();
  app.use(
    httpServerTracing({
      untraced: (path) => isHealthPath(path) || isPagePath(path) || isStreamPath(path),
      parentOf: (c: Context) => parentOfTrigger(c, MAX_BODY_BYTES),
    }),
  );
  app.route('/', createPage(page));
  mount(app, OPEN_ROUTES, dependencies);
  app.use('/api/v1/*', authentication(verifyToken));
  app.use('/api/v1/*', limitedBody());
  app.get(STREAM_PATH, traceStream(dependencies));
  mount(app, TENANT_ROUTES, dependencies);

  app.notFound((c) =>
    isUnimplemented(c.req.path)
      ? errorResponse(c, 501, `this server does not implement ${c.req.method} ${c.req.path}`)
      : errorResponse(c, 404, `there is no ${c.req.method} ${c.req.path}`),
  );
  app.onError((error, c) => {
    if (error instanceof ApiError) {
      if (error.status >= 500) logger.warn({ status: error.status, cause: brief(error.cause) }, error.message);
      return errorResponse(c, error.status, error.message);
    }
    if (isBadData(error))
      return errorResponse(
        c,
        400,
        'a value cannot be stored: leave NUL characters out of texts, and keep numbers in range',
      );
    if (isDatabaseAway(error)) {
      logger.warn({ cause: brief(error) }, 'the database is not available');
      return errorResponse(c, 503, 'the database is not available: try again later');
    }
    logger.error({ err: { type: error.name, message: error.message, stack: error.stack } }, 'a request failed');
    return errorResponse(c, 500, 'the request failed for a reason that only the log of the server tells');
  });
  return app;
}

function mount(app: Hono<Authenticated>, routes: readonly Route[], dependencies: Dependencies): void {
  for (const route of routes)
    app.on(route.method.toUpperCase(), honoPath(route), (c) => route.respond(c, dependencies));
}

/** Errors of the connection: the system's, and SQLSTATE classes 08, 28 (log-in), 3D (no such database), 53 and 57 (shut-down). */
const AWAY = /^(E[A-Z]+|(08|28|3D|53|57)...)$/;

function isDatabaseAway(error: Error): boolean {
  return (
    ('code' in error && AWAY.test(String(error.code))) ||
    /connection terminated|timeout exceeded when trying to connect/i.test(error.message)
  );
}

/** SQLSTATE class 22 blames what was sent: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
function isBadData(error: Error): boolean {
  return 'code' in error && /^22...$/.test(String(error.code));
}

function brief(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause ?? '');
}
