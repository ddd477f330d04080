import { assets } from '@hatchet-ts/page';
import { type Context, Hono } from 'hono';
import { errorResponse } from '../api-error.ts';
import { type PageFile, pageFiles } from './files.ts';
import { type DevelopmentSession, isAskedByItself } from './session.ts';

export interface PageOptions {
  /** What a development server hands to its own page. */
  session?: DevelopmentSession | undefined;
  /** Folder of the built page. */
  folder?: URL;
}

/** Nothing from elsewhere, nothing inline: what is drawn is hostile text. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

const SESSION = '/api/page/session';
const NOT_BUILT = 'The page is not built: `npm run build` does it. The API serves all the same.\n';

/** What a browser loads is nobody's work: it is not traced. */
export function isPagePath(path: string): boolean {
  return path === SESSION || path === '/favicon.svg' || path === '/' || /^\/(assets|runs|traces)\//.test(path);
}

/** The page at `/`, `/runs/{id}` and `/traces/{id}`, its files, and the session of a development server. */
export function createPage({ session, folder = assets }: PageOptions): Hono {
  const files = pageFiles(folder);
  const app = new Hono();
  const index = (c: Context) => {
    const file = files.get('/index.html');
    return file ? answer(c, file) : c.text(NOT_BUILT, 503, HEADERS);
  };
  for (const path of ['/', '/runs/:id', '/traces/:id']) app.get(path, index);
  for (const [path, file] of files) if (path !== '/index.html') app.get(path, (c) => answer(c, file));
  app.get(SESSION, (c) =>
    session && isAskedByItself(c)
      ? c.json(session, 200, { ...HEADERS, 'cache-control': 'no-store' })
      : errorResponse(c, 404, 'this server hands out no session: enter an API token'),
  );
  return app;
}

function answer(c: Context, { body, type, hashed }: PageFile): Response {
  const cache = hashed ? 'public, max-age=31536000, immutable' : 'no-cache';
  return c.body(body, 200, { ...HEADERS, 'content-type': type, 'cache-control': cache });
}
