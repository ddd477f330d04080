import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the built page. */
export interface PageFile {
  body: string;
  type: string;
  /** Its name changes with its content. */
  hashed: boolean;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The built page by path, `/index.html` among them; empty when it has not been built. It is small: read once. */
export function pageFiles(folder: URL): Map<string, PageFile> {
  try {
    const root = fileURLToPath(folder);
    const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
    return new Map(
      names.flatMap((name) => {
        const type = TYPES[extname(name)];
        const path = `/${name.replaceAll('\\', '/')}`;
        if (!type) return [];
        return [[path, { body: readFileSync(join(root, name), 'utf8'), type, hashed: path.startsWith('/assets/') }]];
      }),
    );
  } catch {
    return new Map();
  }
}
