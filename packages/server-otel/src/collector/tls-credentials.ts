import type { ChannelCredentials } from '@grpc/grpc-js';
import { versionOf } from '@hatchet-ts/otlp/file-version';
import { readTlsFiles, type TlsFiles } from '../configuration/credential-files.ts';
import type { Configuration } from '../configuration/settings.ts';
import type { TelemetryLogger } from '../logger.ts';

/**
 * Returns the credentials of the next connection: new ones whenever a CA, certificate or key file has changed, so that a
 * renewal needs no restart. While the files are unusable, for example in the middle of a renewal, the last credentials
 * stay in use and one warning is logged.
 *
 * @param first content of the files at the start
 * @param create creates the credentials; throws if TLS rejects the files
 */
export function credentialsFromFiles(
  configuration: Configuration,
  first: TlsFiles,
  logger: TelemetryLogger,
  create: (files: TlsFiles) => ChannelCredentials,
): () => ChannelCredentials {
  const { tlsRootCaFile, tlsCertFile, tlsKeyFile } = configuration;
  const paths = [tlsRootCaFile, tlsCertFile, tlsKeyFile].filter((path) => path !== undefined);
  let current = create(first);
  let content = contentOf(first);
  let seen: string | undefined;
  return () => {
    const version = versionOf(paths);
    if (version === seen) return current;
    seen = version;
    const { files, problems } = readTlsFiles(configuration);
    const expected = problems.map(([, problem]) => problem);
    if (expected.length === 0 && contentOf(files) !== content) {
      try {
        current = create(files);
        content = contentOf(files);
      } catch (error) {
        expected.push(`files that TLS accepts (${error instanceof Error ? error.message : 'unknown reason'})`);
      }
    }
    if (expected.length > 0) {
      logger.warn({ paths, expected }, 'renewed TLS files are unusable; keeping the last ones; renew the files again');
    }
    return current;
  };
}

function contentOf({ rootCa, certificate, key }: TlsFiles): string {
  return [rootCa, certificate, key].join();
}
