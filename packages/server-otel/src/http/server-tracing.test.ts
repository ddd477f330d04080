import { serve } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { authorised, runSpan } from '../index.ts';
import { outgoingHeaders } from '../testing/outgoing-headers.ts';
import { CALLER, DROPPED, KEPT, type Recording, startRecording } from '../testing/recording.ts';
import { type HttpMiddleware, httpServerTracing } from './server-tracing.ts';

let recording: Recording;
const open: Array<() => void> = [];

beforeEach(() => {
  recording = startRecording({ SERVER_OTEL_TRACE_ID_RATIO: '0.5' });
});
afterEach(async () => {
  for (const close of open.splice(0)) close();
  await recording.telemetry.shutdown();
});

/** Starts a real server on a free port. */
async function listen(routes: (app: Hono) => void, traced = true): Promise<string> {
  const app = new Hono();
  if (traced) app.use(httpServerTracing({ untraced: (path) => path === '/api/live' }));
  routes(app);
  const address = await new Promise<{ port: number }>((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, resolve);
    open.push(() => server.close());
  });
  return `http://127.0.0.1:${address.port}`;
}

const headers = (traceId: string, flags = '01') => ({ headers: { traceparent: `00-${traceId}-${CALLER}-${flags}` } });

describe('a request', () => {
  it('is one SERVER span named by its route, not by its URL', async () => {
    const url = await listen((app) => app.get('/api/v1/tenants/:tenant/runs', (c) => c.json(outgoingHeaders())));
    const response = await fetch(`${url}/api/v1/tenants/707d/runs?token=secret`, headers(KEPT));
    const [span] = await recording.spans();
    expect(await recording.tree()).toBe(`GET /api/v1/tenants/:tenant/runs SERVER ← ${CALLER}`);
    expect(span?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/api/v1/tenants/:tenant/runs',
      'http.response.status_code': 200,
      'url.scheme': 'http',
      'url.path': '/api/v1/tenants/707d/runs',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(url).port),
      'user_agent.original': 'node',
    });
    expect(await response.json()).toEqual({ traceparent: `00-${KEPT}-${span?.spanContext().spanId}-01` });
  });

  it.each(['00', '01', '03'])(
    'of a dropped trace passes on the received context, flags %s unchanged',
    async (flags) => {
      const url = await listen((app) =>
        app.get('/', (c) => runSpan('queue', {}, async () => c.json(outgoingHeaders()))),
      );
      const response = await fetch(url, headers(DROPPED, flags));
      expect(await response.json()).toEqual({ traceparent: `00-${DROPPED}-${CALLER}-${flags}` });
      expect(await recording.tree()).toBe('');
    },
  );

  it('is recorded by the ratio of this service even if the caller did not record', async () => {
    const url = await listen((app) => app.get('/', (c) => c.text('')));
    await fetch(url, headers(KEPT, '00'));
    expect(await recording.tree()).toBe(`GET / SERVER ← ${CALLER}`);
  });

  it('without a context begins a trace, whose flag is clear if it is dropped', async () => {
    await recording.telemetry.shutdown();
    recording = startRecording({ SERVER_OTEL_TRACE_ID_RATIO: '0' });
    const url = await listen((app) => app.get('/', (c) => runSpan('queue', {}, async () => c.json(outgoingHeaders()))));
    const { traceparent } = (await (await fetch(url)).json()) as { traceparent: string };
    expect(traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    expect(await recording.tree()).toBe('');
  });

  it.each([
    [200, ''],
    [404, ''],
    [499, ''],
    [500, ' ERROR'],
    [503, ' ERROR'],
  ])('that is answered %d is an error only from 500 on', async (status, mark) => {
    const url = await listen((app) => app.post('/', () => new Response(null, { status })));
    await fetch(url, { method: 'POST', ...headers(KEPT) });
    expect(await recording.tree()).toBe(`POST / SERVER${mark} ← ${CALLER}`);
  });

  it('whose handler throws is an error with the exception; the application decides the response', async () => {
    const url = await listen((app) => {
      app.get('/', () => {
        throw new TypeError('broken', { cause: new Error('NUL \0') });
      });
      app.onError((_error, c) => c.text('sorry', 500));
    });
    expect(await (await fetch(url, headers(KEPT))).text()).toBe('sorry');
    const [span] = await recording.spans();
    expect(span?.attributes['error.type']).toBe('TypeError');
    expect(span?.events[0]?.attributes?.['exception.message']).toBe('broken');
    expect(span?.events[0]?.attributes?.['exception.stacktrace']).toContain('[cause]: Error: NUL \ufffd');
  });

  it('without a matching route is named by its method', async () => {
    const url = await listen(() => {});
    await fetch(`${url}/wp-login.php`, headers(KEPT));
    expect(await recording.tree()).toBe(`GET SERVER ← ${CALLER}`);
  });

  it('refused by a middleware is named by its route', async () => {
    const url = await listen((app) => {
      app.use('/api/*', async (c) => c.text('no token', 401));
      app.get('/api/runs/:run', (c) => c.text(''));
    });
    await fetch(`${url}/api/runs/1`, headers(KEPT));
    expect(await recording.tree()).toBe(`GET /api/runs/:run SERVER ← ${CALLER}`);
  });

  it.each<[string, (app: Hono) => void, string, string]>([
    ['app.all', (app) => app.all('/proxy/:host', (c) => c.text('')), '/proxy/a', 'GET /proxy/:host'],
    ["app.on('ALL')", (app) => app.on('ALL', '/proxy/*', (c) => c.text('')), '/proxy/a', 'GET /proxy/*'],
    ['app.all for every path', (app) => app.all('*', (c) => c.text('')), '/a', 'GET /*'],
    ['app.all that answers 404', (app) => app.all('/proxy/:host', (c) => c.notFound()), '/proxy/a', 'GET /proxy/:host'],
    ['app.mount', (app) => app.mount('/old', () => new Response('')), '/old/a/b', 'GET /old/*'],
    [
      'app.mount below a middleware',
      (app) => {
        app.use('/old/*', (_c, next) => next());
        app.mount('/old', () => new Response(null, { status: 503 }));
      },
      '/old/a',
      'GET /old/*',
    ],
    [
      'a middleware that refuses app.all',
      (app) => {
        app.use('/proxy/*', async (c, next) => (c.req.header('authorization') ? next() : c.text('no token', 401)));
        app.all('/proxy/:host', (c) => c.text(''));
      },
      '/proxy/a',
      'GET /proxy/:host',
    ],
    [
      'app.all of a sub-application with an error handler',
      (app) => {
        const sub = new Hono().onError((_error, c) => c.text('', 500));
        sub.use(async (_c, next) => next());
        sub.all('/:host', (c) => c.text(''));
        app.route('/proxy', sub);
      },
      '/proxy/a',
      'GET /proxy/:host',
    ],
    [
      'a middleware for every path',
      (app) => app.use(async (c, next) => (c.req.method === 'GET' ? c.text('cached') : next())),
      '/a',
      'GET',
    ],
    ['a middleware without a handler', (app) => app.use('/api/*', (_c, next) => next()), '/api/a', 'GET'],
  ])('answered by %s has its route', async (_kind, routes, path, name) => {
    const url = await listen(routes);
    await fetch(url + path, headers(KEPT));
    const [span] = await recording.spans();
    expect(span?.name).toBe(name);
    expect(span?.attributes['http.route']).toBe(name === 'GET' ? undefined : name.slice(4));
  });

  it('with an unknown method has a fixed name', async () => {
    const url = await listen((app) => app.all('/', (c) => c.text('')));
    await fetch(url, { method: 'PROPFIND', ...headers(KEPT) });
    const [span] = await recording.spans();
    expect(span?.name).toBe('HTTP /');
    expect(span?.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
    });
  });

  it('without a context in its headers has the parent that its body names, if any', async () => {
    const url = await listen((app) => {
      const parentOf = async (c: Context) => {
        const { traceId } = await c.req.json<{ traceId?: string }>();
        return traceId === undefined ? undefined : { traceId, spanId: CALLER, traceFlags: 1, isRemote: true };
      };
      app.use('/runs', httpServerTracing({ parentOf }));
      app.post('/runs', async (c) => c.json(await c.req.json()));
    }, false);
    const post = (body: string) => fetch(`${url}/runs`, { method: 'POST', body });
    expect(await (await post(JSON.stringify({ traceId: KEPT }))).json()).toEqual({ traceId: KEPT });
    expect((await post('not JSON')).status).toBe(500);
    const named = (await recording.spans()).filter((span) => span.spanContext().traceId === KEPT);
    expect(named.map((span) => [span.name, span.parentSpanContext?.spanId])).toEqual([['POST /runs', CALLER]]);
  });

  it('carries the tenant once it is authorized, like the spans below', async () => {
    const url = await listen((app) => {
      app.use(async (_c, next) => {
        authorised('tenant-1');
        await next();
      });
      app.get('/', (c) => runSpan('ingest-event', {}, async () => c.text('')));
    });
    await fetch(url, headers(KEPT));
    const tenants = (await recording.spans()).map((span) => span.attributes['hatchet.run/tenant.id']);
    expect(tenants).toEqual(['tenant-1', 'tenant-1']);
  });
});

describe('a probe', () => {
  it('has no span and no spans below', async () => {
    const url = await listen((app) => app.get('/api/live', (c) => runSpan('queue', {}, async () => c.text('ok'))));
    expect(await (await fetch(`${url}/api/live`, headers(KEPT))).text()).toBe('ok');
    expect(await recording.tree()).toBe('');
  });
});

it('the middleware has the type of Hono', () => {
  expectTypeOf<HttpMiddleware<Context>>().toExtend<MiddlewareHandler>();
});
