import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files of a test in a temporary directory. */
export interface TemporaryFiles {
  readonly directory: string;
  write(name: string, content: string): string;
  remove(): void;
}

export function temporaryFiles(): TemporaryFiles {
  const directory = mkdtempSync(join(tmpdir(), 'server-otel-'));
  return {
    directory,
    write: (name, content) => {
      const path = join(directory, name);
      writeFileSync(path, content);
      return path;
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
