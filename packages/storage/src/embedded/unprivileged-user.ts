import { readFile } from 'node:fs/promises';

/** The user and group to run a program as; empty for the own ones. */
export interface Identity {
  uid?: number;
  gid?: number;
}

/**
 * PostgreSQL refuses to run as root. For root this is the user `postgres`, or else `nobody`; nothing is added to the
 * system. For everybody else it is the process's own identity.
 */
export async function unprivilegedUser(): Promise<Identity> {
  if (process.getuid?.() !== 0) return {};
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const account = accounts.find(([name]) => name === wanted);
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is no user "postgres" or "nobody": set DATABASE_URL instead',
  );
}
