import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const ROOT: string = join(import.meta.dirname, '../..');

export function deployFile(name: string): string {
  return readFileSync(join(ROOT, 'deploy', name), 'utf8');
}

/** Returns the documents of a YAML file below `deploy`, with references and merges resolved. */
export function documents<T>(name: string): T[] {
  return parseAllDocuments(deployFile(name), { merge: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS() as T;
  });
}
