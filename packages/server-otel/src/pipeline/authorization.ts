import { statSync } from 'node:fs';
import { readAuthFile } from '../configuration/auth-file.ts';
import type { TelemetryLogger } from '../logger.ts';

/** Asked before every call to the collector for the value of its `Authorization` header; undefined sends none. */
export type Authorization = () => string | undefined | Promise<string | undefined>;

/**
 * The value that stands in a file, read again when the file has changed: a token that is rotated (a Kubernetes
 * secret, a sidecar) is used from the next call on. While the file is gone or empty, as it may be in the middle of
 * a rotation, the last value stays, and one line says so.
 */
export function authorizationFromFile(path: string, logger: TelemetryLogger): Authorization {
  let auth: string | undefined;
  let seen: string | undefined;
  return () => {
    const version = versionOf(path);
    if (version === seen) return auth;
    seen = version;
    const read = readAuthFile(path);
    if ('auth' in read) auth = read.auth;
    else logger.warn({ path }, `The authorization of the collector stays as it was: expected ${read.problem}`);
    return auth;
  };
}

/** Changes when the file does; a secret's update in Kubernetes swaps a symbolic link, which changes the inode. */
function versionOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? 'missing' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
}
