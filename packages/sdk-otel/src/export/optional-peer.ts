import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A package of the application's is needed and not installed; the message is the command that installs it. */
export class MissingPeerError extends Error {
  override readonly name: string = 'MissingPeerError';
}

/** A package of the application's, loaded. */
export interface Peer {
  readonly name: string;
  readonly exports: unknown;
  /** its own file, from where the packages that it needs can be reached */
  readonly path: string;
}

/**
 * Loads a package that is the application's to choose: the first of `names` that is installed beside this package, or
 * that the working directory can see.
 *
 * @param purpose what needs it, for the message
 * @param through another package, whose own dependencies will do as well
 * @throws MissingPeerError when none is installed; what the package itself throws while it loads, unchanged
 */
export function loadPeer(names: readonly [string, ...string[]], purpose: string, through?: Peer): Peer {
  const bases = [import.meta.url, join(process.cwd(), 'package.json'), ...(through ? [through.path] : [])];
  for (const require of bases.map((base) => createRequire(base))) {
    for (const name of names) {
      const path = resolved(require, name);
      if (path) return { name, exports: require(path) as unknown, path };
    }
  }
  const [first, ...others] = names.map(packageOf);
  const instead = others.length > 0 ? ` (or ${others.join(' or ')})` : '';
  throw new MissingPeerError(
    `@hatchet-ts/sdk-otel: ${purpose} needs ${first}${instead}, which is not installed; write: npm install ${first}`,
  );
}

function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
