import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assets } from '@hatchet-ts/page';
import { type Context, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { errorResponse } from '../errors/api-error.ts';
import { type DevelopmentSession, isFromOwnPage } from './development-session.ts';

export interface PageOptions {
  /** Session that a development server gives to its own page. */
  session?: DevelopmentSession | undefined;
  /** Folder of the built page. */
  folder?: URL;
}

const SESSION = '/api/page/session';
const NOT_BUILT = 'The page is not built. Run `npm run build`. The API works without it.\n';
const NONE = ["'none'"];
const SELF = ["'self'"];

/** Nothing inline and nothing from other sites, because the page shows hostile text. */
const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: NONE,
    scriptSrc: SELF,
    styleSrc: SELF,
    connectSrc: SELF,
    imgSrc: ["'self'", 'data:'],
    fontSrc: SELF,
    baseUri: NONE,
    formAction: NONE,
    frameAncestors: NONE,
  },
  // The policy above covers these, or a proxy with TLS decides them.
  crossOriginResourcePolicy: false,
  originAgentCluster: false,
  strictTransportSecurity: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
});

/** Reports if a browser loads this path for the page. */
export function isPagePath(path: string): boolean {
  return path === SESSION || path === '/favicon.svg' || path === '/' || /^\/(assets|runs|traces)\//.test(path);
}

/** Serves the page at `/`, `/runs/{id}` and `/traces/{id}`, its files, and the session of a development server. */
export function createPage({ session, folder = assets }: PageOptions): Hono {
  const files = readPageFiles(folder);
  const index = files.get('/index.html');
  const app = new Hono();
  for (const path of ['/', '/runs/:id', '/traces/:id']) {
    app.get(path, pageHeaders, (c) => (index ? answerFile(c, index) : c.text(NOT_BUILT, 503)));
  }
  for (const [path, file] of files) {
    if (file !== index) app.get(path, pageHeaders, (c) => answerFile(c, file));
  }
  app.get(
    SESSION,
    async (c, next) => {
      if (session && isFromOwnPage(c)) return next();
      return errorResponse(c, 404, 'this server has no development session: enter an API token');
    },
    pageHeaders,
    (c) => c.json(session, 200, { 'cache-control': 'no-store' }),
  );
  return app;
}

interface PageFile {
  body: string;
  type: string;
  /** Set if the name contains a hash of the content. */
  isImmutable: boolean;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads the built page into memory, by path; empty if it is not built. Hono's `serveStatic` calls the
 * blocking `statSync` for each request, and adds `Last-Modified` without answering conditional requests.
 */
function readPageFiles(folder: URL): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  try {
    const root = fileURLToPath(folder);
    for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      const type = TYPES[extname(name)];
      const path = `/${name.replaceAll('\\', '/')}`;
      if (!type) continue;
      files.set(path, { body: readFileSync(join(root, name), 'utf8'), type, isImmutable: path.startsWith('/assets/') });
    }
    return files;
  } catch {
    return new Map();
  }
}

function answerFile(c: Context, { body, type, isImmutable }: PageFile): Response {
  const cache = isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache';
  return c.body(body, 200, { 'content-type': type, 'cache-control': cache });
}
