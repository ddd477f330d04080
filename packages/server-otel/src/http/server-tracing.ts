import { errorType } from '@hatchet-ts/internal/thrown-value';
import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';
import { startServerTimer } from '../metrics/server-durations.ts';
import { serverTracer } from '../process-telemetry.ts';
import { recordException } from '../spans/failure.ts';
import { contextBelow, lookUpParent, type ParentFound, withParent } from '../spans/parent-context.ts';
import { withCall } from '../spans/tenant.ts';

/** Structural type for the part of Hono's context that is used here: the package does not depend on Hono. */
export interface HttpContext {
  readonly req: {
    readonly method: string;
    readonly path: string;
    readonly url: string;
    readonly raw: { readonly headers: Headers };
    readonly matchedRoutes: readonly HttpRoute[];
    /** Index of the last route that was called. */
    readonly routeIndex: number;
  };
  readonly res: { readonly status: number };
  /** Error of the handler, if the application's error handler responded to it. */
  readonly error?: Error | undefined;
}

/** A route of Hono that matches a request: a handler, or middleware, which has the method `ALL`. */
interface HttpRoute {
  readonly method: string;
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: of any router
  readonly handler: (...args: any[]) => unknown;
}

export type HttpMiddleware<C extends HttpContext> = (c: C, next: () => Promise<void>) => Promise<void>;

export interface HttpServerTracingOptions<C extends HttpContext> {
  /**
   * Looks up the parent of a request whose headers have no context: the carrier in its body, or the context of the run
   * that it names. The look-up is not traced; if it fails, the request has no parent.
   */
  readonly parentOf?: (c: C) => ParentFound;
  /** Returns true for paths without spans, also below them, and without measurements; for probes. */
  readonly untraced?: (path: string) => boolean;
}

/**
 * Creates a Hono middleware that measures requests and opens a SERVER span `<METHOD> <route>` with the stable `http.*`
 * attributes for each; its status is ERROR for 5xx only. Use it first and for every path.
 */
export function httpServerTracing<C extends HttpContext>({
  parentOf,
  untraced,
}: HttpServerTracingOptions<C> = {}): HttpMiddleware<C> {
  return async function tracing(c, next) {
    if (untraced?.(c.req.path) === true) return context.with(suppressTracing(ROOT_CONTEXT), next);
    const recordDuration = startServerTimer('http');
    const method = KNOWN_METHODS.has(c.req.method) ? c.req.method : '_OTHER';
    const name = method === '_OTHER' ? 'HTTP' : method;
    const received = propagation.extract(ROOT_CONTEXT, c.req.raw.headers, HEADERS);
    const parent =
      trace.getSpanContext(received) === undefined
        ? withParent(received, await lookUpParent(name, parentOf && (() => parentOf(c))))
        : received;
    const span = serverTracer().startSpan(name, { kind: SpanKind.SERVER }, parent);
    if (span.isRecording()) recordRequest(span, c, method);
    let failure: unknown;
    try {
      await context.with(withCall(contextBelow(span, parent), { span }), next);
      failure = c.error;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      const response = responseAttributes(c, failure);
      if (span.isRecording()) recordResponse(span, name, response, failure);
      span.end();
      recordDuration({
        [ATTR_HTTP_REQUEST_METHOD]: method,
        [ATTR_URL_SCHEME]: c.req.url.slice(0, c.req.url.indexOf(':')),
        ...response,
      });
    }
  };
}

function recordRequest(span: Span, { req }: HttpContext, method: string): void {
  const url = new URL(req.url);
  span.setAttributes({
    [ATTR_HTTP_REQUEST_METHOD]: method,
    [ATTR_URL_SCHEME]: url.protocol.slice(0, -1),
    [ATTR_URL_PATH]: url.pathname,
    [ATTR_SERVER_ADDRESS]: url.hostname,
    [ATTR_SERVER_PORT]: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
  });
  if (method !== req.method) span.setAttribute(ATTR_HTTP_REQUEST_METHOD_ORIGINAL, req.method);
  const agent = req.raw.headers.get('user-agent');
  if (agent !== null) span.setAttribute(ATTR_USER_AGENT_ORIGINAL, agent);
}

/** Returns route, status and error: the attributes that span and measurement share. */
function responseAttributes(c: HttpContext, failure: unknown): Attributes {
  const route = routeOf(c);
  const status = failure === undefined || failure === c.error ? c.res.status : 500;
  return {
    ...(route !== undefined && { [ATTR_HTTP_ROUTE]: route }),
    [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
    ...(status >= 500 && {
      [ATTR_ERROR_TYPE]: failure === undefined ? String(status) : errorType(failure),
    }),
  };
}

function recordResponse(span: Span, method: string, response: Attributes, failure: unknown): void {
  const route = response[ATTR_HTTP_ROUTE];
  if (route !== undefined) span.updateName(`${method} ${route}`);
  span.setAttributes(response);
  if (response[ATTR_ERROR_TYPE] === undefined) return;
  if (failure !== undefined) recordException(span, failure);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/**
 * Returns the route of a request, if any. Middleware is registered for the method `ALL`, like the handlers of `app.all`,
 * `app.on('ALL')` and `app.mount`, so the route is the first of: the last handler of one method; the last handler that
 * takes no `next`; what was called last, if it gave the response.
 */
function routeOf({ req, res }: HttpContext): string | undefined {
  const { matchedRoutes, routeIndex } = req;
  const handler =
    matchedRoutes.findLast(({ method }) => method !== 'ALL') ?? matchedRoutes.findLast((route) => !takesNext(route));
  if (handler !== undefined) return handler.path;
  // Nothing matched, or a mounted application did not find the path.
  if (res.status === 404) return undefined;
  const last = matchedRoutes[routeIndex]?.path;
  return last === '*' || last === '/*' ? undefined : last;
}

/** Hono wraps the handlers of a sub-application that has an error handler; the handler itself is a property. */
function takesNext({ handler }: HttpRoute): boolean {
  const composed = (handler as { __COMPOSED_HANDLER?: { readonly length: number } }).__COMPOSED_HANDLER;
  return (composed ?? handler).length > 1;
}

/** Methods of the conventions. Others are not recorded as they are: callers could choose attribute values. */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);

const HEADERS: TextMapGetter<Headers> = {
  keys: (headers) => [...headers.keys()],
  get: (headers, key) => headers.get(key) ?? undefined,
};
