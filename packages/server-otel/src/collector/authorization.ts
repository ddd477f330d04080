import { versionOf } from '@hatchet-ts/otlp/file-version';
import { readAuthFile } from '../configuration/credential-files.ts';
import type { TelemetryLogger } from '../logger.ts';

/** Returns the value of the `Authorization` header; called before every call to the collector. Undefined sends no header. */
export type Authorization = () => string | undefined | Promise<string | undefined>;

/**
 * Reads the header value from a file, again whenever the file has changed, so that a rotated token (a Kubernetes
 * secret, a sidecar) is used from the next call on. While the file is missing or empty, for example in the middle of a
 * rotation, the last value stays in use and one warning is logged.
 */
export function authorizationFromFile(path: string, logger: TelemetryLogger): Authorization {
  let auth: string | undefined;
  let seen: string | undefined;
  return () => {
    const version = versionOf([path]);
    if (version === seen) return auth;
    seen = version;
    const read = readAuthFile(path);
    if ('auth' in read) auth = read.auth;
    else logger.warn({ path, expected: read.problem }, 'authorization file is unusable; keeping the last value');
    return auth;
  };
}
